/**
 * What the host's files and processes fail with, as an engine's errors:
 * nothing of it is a bug of ours.
 */
import { EngineUnavailableError, TaskRefusedError } from "../engine-errors.js";

/** @throws TaskRefusedError where the host says no: the task will not run here. */
export function refusing<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw isHostError(cause) ? new TaskRefusedError(cause.message, { cause }) : cause;
  });
}

/**
 * @throws EngineUnavailableError where the host says no: nothing is known of the task,
 *   and it is tried again.
 */
export function waiting<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw isHostError(cause) ? new EngineUnavailableError(cause.message, { cause }) : cause;
  });
}

/** An error of a system call, such as ENOSPC or EACCES. */
function isHostError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && "syscall" in cause;
}
