/** The one table from an error's code to what gRPC and HTTP say. */
import { status } from "@grpc/grpc-js";

import type { ErrorCode } from "./cluster-error.js";

export const STATUS_OF = {
  "invalid-argument": { grpc: status.INVALID_ARGUMENT, http: 400 },
  "not-found": { grpc: status.NOT_FOUND, http: 404 },
  ambiguous: { grpc: status.INVALID_ARGUMENT, http: 400 },
  "name-conflict": { grpc: status.ALREADY_EXISTS, http: 409 },
  "already-exists": { grpc: status.ALREADY_EXISTS, http: 409 },
  "stale-version": { grpc: status.ABORTED, http: 409 }, // the caller re-reads and tries again
  "failed-precondition": { grpc: status.FAILED_PRECONDITION, http: 400 },
  "too-large": { grpc: status.RESOURCE_EXHAUSTED, http: 413 },
  unauthenticated: { grpc: status.UNAUTHENTICATED, http: 401 },
  "permission-denied": { grpc: status.PERMISSION_DENIED, http: 403 },
  "no-leader": { grpc: status.UNAVAILABLE, http: 503 },
  "not-a-manager": { grpc: status.FAILED_PRECONDITION, http: 503 },
  "member-removed": { grpc: status.FAILED_PRECONDITION, http: 503 },
  "proposal-dropped": { grpc: status.UNAVAILABLE, http: 503 },
  "outcome-unknown": { grpc: status.UNKNOWN, http: 503 },
  "try-again": { grpc: status.RESOURCE_EXHAUSTED, http: 503 },
  "watch-expired": { grpc: status.OUT_OF_RANGE, http: 410 }, // the caller reads everything anew
  unavailable: { grpc: status.UNAVAILABLE, http: 503 },
  unimplemented: { grpc: status.UNIMPLEMENTED, http: 501 },
  "damaged-log": { grpc: status.DATA_LOSS, http: 500 },
  "storage-failed": { grpc: status.INTERNAL, http: 500 },
  "engine-failed": { grpc: status.INTERNAL, http: 500 },
  "image-unavailable": { grpc: status.NOT_FOUND, http: 404 },
} as const satisfies Record<ErrorCode, { grpc: status; http: number }>;
