/**
 * A request that is wrong before anyone looks at what it is about: its JSON, its query,
 * its version. Docker answers these in plain words, and refusals of a spec in those of
 * its RPC (`error-reply.ts`).
 */
import { ClusterError } from "../../../shared/errors/cluster-error.js";

export class MalformedRequestError extends ClusterError {
  readonly code = "invalid-argument";
}

/** Unlocking a swarm that is not locked; Docker answers it as a conflict. */
export class SwarmNotLockedError extends ClusterError {
  readonly code = "already-exists";
}
