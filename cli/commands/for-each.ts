/** Commands that take several things: one that fails does not keep the others from being done. */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { DaemonUnreachableError, PartialFailureError } from "../errors.js";

export interface Failure<T> {
  readonly item: T;
  readonly message: string;
}

/** @throws DaemonUnreachableError nobody answers: the next would fail the same way */
export async function collectFailures<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<Failure<T>[]> {
  const failures: Failure<T>[] = [];
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      if (!(error instanceof ClusterError) || error instanceof DaemonUnreachableError) throw error;
      failures.push({ item, message: error.message });
    }
  }
  return failures;
}

/** @throws PartialFailureError with a line for each that failed */
export async function forEachReference(
  references: readonly string[],
  act: (reference: string) => Promise<void>,
): Promise<void> {
  const failures = await collectFailures(references, act);
  if (failures.length > 0) throw new PartialFailureError(failures.map(({ message }) => message));
}
