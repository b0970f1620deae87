/**
 * Errors across the wire. A `ClusterError` travels as the gRPC status that the one table
 * gives its code, with the code itself beside it, and is an error with the same code and
 * words on the other side.
 */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

import { ClusterError, ERROR_CODES, type ErrorCode } from "../errors/cluster-error.js";
import { STATUS_OF } from "../errors/status-codes.js";
import { connectionWords } from "./connection-words.js";

/** What another host answered, or that it did not answer. */
export class RemoteError extends ClusterError {
  readonly code: ErrorCode;
  /** `host:port` that was asked. */
  readonly address: string;

  constructor(code: ErrorCode, message: string, from: { address: string; cause?: unknown }) {
    super(message, { cause: from.cause });
    this.code = code;
    this.address = from.address;
  }
}

export interface WireStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

const CODE_KEY = "skep-error-code";
/** HTTP/2 trailers are small, and a message is meant to be read. */
const MESSAGE_LIMIT_CHARACTERS = 2_000;

/**
 * The status of an error that a handler threw; what is not a `ClusterError` tells
 * the caller nothing more.
 */
export function toWireStatus(error: unknown): WireStatus {
  const metadata = new Metadata();
  if (!(error instanceof ClusterError)) {
    return { code: status.INTERNAL, details: "internal error: see the manager's log", metadata };
  }
  metadata.set(CODE_KEY, error.code);
  const details = error.message.slice(0, MESSAGE_LIMIT_CHARACTERS);
  return { code: STATUS_OF[error.code].grpc, details, metadata };
}

/**
 * Where the other side named no code of ours, it was gRPC itself that failed:
 * mostly a broken connection.
 */
export function fromServiceError(error: ServiceError, address: string): RemoteError {
  const named = error.metadata.get(CODE_KEY)[0];
  const code = ERROR_CODES.find((known) => known === named);
  if (code !== undefined) return new RemoteError(code, error.details, { address, cause: error });
  const words = `${address}: ${connectionWords(error.details)}`;
  return new RemoteError(codeOfStatus(error.code), words, { address, cause: error });
}

function codeOfStatus(code: status): ErrorCode {
  switch (code) {
    case status.INVALID_ARGUMENT:
      return "invalid-argument";
    case status.NOT_FOUND:
      return "not-found";
    case status.UNAUTHENTICATED:
      return "unauthenticated";
    case status.PERMISSION_DENIED:
      return "permission-denied";
    case status.FAILED_PRECONDITION:
      return "failed-precondition";
    case status.RESOURCE_EXHAUSTED:
      return "too-large"; // the only limit that gRPC itself holds is on the size of a message
    case status.UNIMPLEMENTED:
      return "unimplemented";
    case status.OK:
    case status.CANCELLED:
    case status.UNKNOWN:
    case status.DEADLINE_EXCEEDED:
    case status.ALREADY_EXISTS:
    case status.ABORTED:
    case status.OUT_OF_RANGE:
    case status.INTERNAL:
    case status.UNAVAILABLE:
    case status.DATA_LOSS:
      return "unavailable";
    default:
      return "unavailable";
  }
}
