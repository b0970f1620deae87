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
  /** Chosen when it was made; absent: `DEFAULT_DATA_PATH`. */
  readonly dataPath?: DataPath;
}

/** Where the addresses of networks come from, and how their packets travel between the hosts. */
export interface DataPath {
  readonly addressPools: readonly string[];
  /** Length of the prefix of each subnet that is cut from the pools. */
  readonly subnetBits: number;
  /** UDP. */
  readonly port: number;
}

/**
 * DESIGN section 4, allocator: a range that few private networks use, room for 4,096
 * networks of 253 addresses. RFC 7348 section 8.1 names the port.
 */
export const DEFAULT_DATA_PATH: DataPath = {
  addressPools: ["10.240.0.0/12"],
  subnetBits: 24,
  port: 4789,
};

export function dataPathOf(cluster: Pick<Cluster, "dataPath"> | undefined): DataPath {
  return cluster?.dataPath ?? DEFAULT_DATA_PATH;
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
