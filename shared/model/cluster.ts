/** The cluster itself: the user's spec of it, its certificate authority and its join tokens. */
import type { SwarmSpec } from "../docker-api/swarm-spec.js";
import type { ClusterId } from "./ids.js";

export interface Cluster {
  readonly id: ClusterId;
  /** Sequence number of the store at the last change by a user. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly spec: SwarmSpec;
  readonly authority: Authority;
  readonly joinTokens: JoinTokens;
  /** Raised by restoring a backup and by forcing a new cluster; agents refuse lower ones. */
  readonly epoch: number;
}

/** The root of trust. The key stays among the managers. */
export interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Whole tokens, `SWMTKN-1-<digest of the root>-<secret>`. */
export interface JoinTokens {
  readonly worker: string;
  readonly manager: string;
}
