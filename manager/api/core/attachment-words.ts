/** Why a container could not be put on a network, in the words of Docker's daemon. */
import type { ClusterError, ErrorCode } from "../../../shared/errors/cluster-error.js";
import { MalformedRequestError } from "./malformed-request.js";

/** As gRPC calls them; what is not here is nobody's refusal. */
const REFUSALS: Partial<Record<ErrorCode, string>> = {
  "invalid-argument": "InvalidArgument",
  "not-found": "NotFound",
  "permission-denied": "PermissionDenied",
  "failed-precondition": "FailedPrecondition",
};

/**
 * Not "not found" in any case: to a client that makes a container this means that the image is not
 * there, and it goes to fetch it.
 * @param target as the user named it
 */
export function attachmentRefused(target: string, error: ClusterError): ClusterError {
  const refusal = REFUSALS[error.code];
  return refusal === undefined
    ? error
    : new MalformedRequestError(
        `Could not attach to network ${target}: rpc error: code = ${refusal} desc = ${error.message}`,
        { cause: error },
      );
}
