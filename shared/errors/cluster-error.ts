/**
 * Operating errors: what users, networks and disks can cause. Each has a code, which decides its
 * gRPC and HTTP status (`status-codes.ts`), and names the object and the numbers. A bug of ours is
 * not one of these: it fails `assert` and ends the process.
 */
export const ERROR_CODES = [
  "invalid-argument",
  "not-found",
  "ambiguous",
  "name-conflict",
  "already-exists",
  "stale-version",
  "failed-precondition",
  "too-large",
  "unauthenticated",
  "permission-denied",
  "no-leader",
  "not-a-manager",
  "member-removed",
  "proposal-dropped",
  "outcome-unknown",
  "try-again",
  "watch-expired",
  "unavailable",
  "unimplemented",
  "damaged-log",
  "storage-failed",
  "engine-failed",
  "image-unavailable",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorOptionsWithCause {
  readonly cause?: unknown;
}

export abstract class ClusterError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options: ErrorOptionsWithCause = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
  }
}

/** What the user sent cannot be meant: wrong shape, wrong range, unknown word. */
export class InvalidArgumentError extends ClusterError {
  readonly code = "invalid-argument";
}

/** Kinds of object that a user can name. */
export type ObjectKind =
  "service" | "task" | "node" | "swarm" | "network" | "secret" | "config" | "revision";

export class NotFoundError extends ClusterError {
  readonly code = "not-found";
  readonly kind: ObjectKind;
  readonly reference: string;

  constructor(kind: ObjectKind, reference: string) {
    super(`${kind} ${reference} not found`);
    this.kind = kind;
    this.reference = reference;
  }
}

/** A prefix or name that fits more than one object. */
export class AmbiguousError extends ClusterError {
  readonly code = "ambiguous";

  constructor(kind: ObjectKind, reference: string, matches: number) {
    super(`${kind} ${reference} is ambiguous (${matches} matches found)`);
  }
}

/** The name is another object's. */
export class NameConflictError extends ClusterError {
  readonly code = "name-conflict";

  constructor(kind: ObjectKind, name: string) {
    super(`name conflicts with an existing object: ${kind} ${name} already exists`);
  }
}

/**
 * The id is taken: a proposer drew it twice, or a command was sent again without its request id.
 */
export class AlreadyExistsError extends ClusterError {
  readonly code = "already-exists";

  constructor(what: string, id: string) {
    super(`${what} ${id} already exists`);
  }
}

/**
 * The update was made from a version that is no longer the present one: read again, then try again.
 */
export class StaleVersionError extends ClusterError {
  readonly code = "stale-version";

  constructor(kind: ObjectKind, id: string, versions: { sent: number; current: number }) {
    super(
      `update out of sequence: ${kind} ${id} is at version ${versions.current}, the update was made from ${versions.sent}`,
    );
  }
}

/** The request is fine, but the present state of the object does not allow it. */
export class FailedPreconditionError extends ClusterError {
  readonly code = "failed-precondition";
}

export class TooLargeError extends ClusterError {
  readonly code = "too-large";

  constructor(what: string, sizes: { bytes: number; limitBytes: number }) {
    super(`${what} has ${sizes.bytes} bytes, the limit is ${sizes.limitBytes}`);
  }
}

export class UnauthenticatedError extends ClusterError {
  readonly code = "unauthenticated";
}

export class PermissionDeniedError extends ClusterError {
  readonly code = "permission-denied";
}

/** No manager leads at the moment; the caller may try again. */
export class NoLeaderError extends ClusterError {
  readonly code = "no-leader";
}

/** This host is no manager (or in no swarm at all): the request belongs to another. */
export class NotAManagerError extends ClusterError {
  readonly code = "not-a-manager";
}

/** The caller was a manager, and is not any more: it has missed the end of its membership. */
export class MemberRemovedError extends ClusterError {
  readonly code = "member-removed";
}

/** The proposal was dropped before it was committed; nothing of it happened. */
export class ProposalDroppedError extends ClusterError {
  readonly code = "proposal-dropped";
}

/**
 * The lead was lost, or no quorum answered, while the change was on its way: it may have happened.
 * The same request id again tells, and does it at most once.
 */
export class OutcomeUnknownError extends ClusterError {
  readonly code = "outcome-unknown";

  constructor(why: string) {
    super(`it is not known whether the change was made: ${why}; look, then try again`);
  }
}

/** A bounded queue is full; the caller may try again. */
export class TryAgainError extends ClusterError {
  readonly code = "try-again";
}

/**
 * The events after that sequence number are no longer kept: read everything, then watch from there.
 */
export class WatchExpiredError extends ClusterError {
  readonly code = "watch-expired";

  constructor(sequences: { readonly after: number; readonly oldest: number }) {
    super(
      `the events after sequence number ${sequences.after} are gone; the oldest that are kept follow ${sequences.oldest}`,
    );
  }
}

/** The other side cannot be reached. */
export class UnavailableError extends ClusterError {
  readonly code = "unavailable";
}

export class UnimplementedError extends ClusterError {
  readonly code = "unimplemented";
}
