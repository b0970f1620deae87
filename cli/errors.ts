/**
 * What can go wrong at the command line. Each error's message is what the user reads, so it says
 * what to do; its exit status is Docker's: 125 for a flag that cannot be read, else 1.
 */
import {
  ClusterError,
  type ErrorCode,
  InvalidArgumentError,
  UnavailableError,
} from "../shared/errors/cluster-error.js";

const EXIT_FAILED = 1;
/** Docker's status for a command line that it could not read. */
const EXIT_BAD_FLAG = 125;

/** The value of a flag or an argument cannot be read; whoever knows its name adds it. */
export class BadValueError extends InvalidArgumentError {}

/** The command line itself is wrong: an unknown flag, a value that cannot be read. */
export class FlagError extends InvalidArgumentError {
  constructor(message: string, commandPath: string) {
    super(`${message} (see '${commandPath} --help')`);
  }
}

/** Too many or too few arguments, or a command that is not there. */
export class UsageError extends InvalidArgumentError {}

/** Nobody answers at the address. */
export class DaemonUnreachableError extends UnavailableError {
  constructor(address: string, options: { readonly cause: unknown }) {
    super(
      `Cannot connect to skepd at ${address}. Is skepd running? (start it with "skepd", or name another with --host)`,
      options,
    );
  }
}

/** The daemon answered that it will not. */
export class DaemonRefusedError extends ClusterError {
  readonly code: ErrorCode;
  readonly httpStatus: number;

  constructor(httpStatus: number, message: string) {
    super(`Error response from daemon: ${message}`);
    this.httpStatus = httpStatus;
    this.code = codeOf(httpStatus);
  }
}

/** Several things were asked for, and some of them failed. */
export class PartialFailureError extends ClusterError {
  readonly code = "failed-precondition";

  constructor(failures: readonly string[]) {
    super(failures.join("\n"));
  }
}

export function exitStatusOf(error: unknown): number {
  return error instanceof FlagError ? EXIT_BAD_FLAG : EXIT_FAILED;
}

function codeOf(httpStatus: number): ErrorCode {
  switch (httpStatus) {
    case 400:
      return "invalid-argument";
    case 401:
      return "unauthenticated";
    case 403:
      return "permission-denied";
    case 404:
      return "not-found";
    case 409:
      return "stale-version";
    case 413:
      return "too-large";
    case 501:
      return "unimplemented";
    case 503:
      return "unavailable";
    default:
      return "engine-failed";
  }
}
