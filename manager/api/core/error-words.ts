/**
 * An error in the words of Docker's API. Docker's daemon asks its own managers over gRPC and passes
 * on what they say with `rpc error: code = … desc = ` before it; clients look for words in there
 * (`update out of sequence`, `already exists`), and people know the form. What the daemon itself
 * refuses has no such prefix.
 */
import type { ClusterError, ErrorCode } from "../../../shared/errors/cluster-error.js";
import { MalformedRequestError, SwarmNotLockedError } from "./malformed-request.js";

const RPC_CODE: Partial<Record<ErrorCode, string>> = {
  "invalid-argument": "InvalidArgument",
  "name-conflict": "AlreadyExists",
  "already-exists": "AlreadyExists",
  "stale-version": "Unknown",
  "failed-precondition": "FailedPrecondition",
  "too-large": "ResourceExhausted",
  "no-leader": "Unknown",
  unimplemented: "Unimplemented",
};

/** Refused by the managers. */
export function managerWords(error: ClusterError): string {
  const code = RPC_CODE[error.code];
  if (code === undefined || isOurOwn(error)) return error.message;
  return `rpc error: code = ${code} desc = ${error.message}`;
}

function isOurOwn(error: ClusterError): boolean {
  return error instanceof MalformedRequestError || error instanceof SwarmNotLockedError;
}
