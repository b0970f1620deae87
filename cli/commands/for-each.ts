/** Commands that take several references: one that fails does not keep the others from being done. */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { DaemonUnreachableError, PartialFailureError } from "../errors.js";

/** @throws PartialFailureError with a line for each that failed */
export async function forEachReference(
  references: readonly string[],
  act: (reference: string) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  for (const reference of references) {
    try {
      await act(reference);
    } catch (error) {
      // Nobody answers: the next would fail the same way.
      if (!(error instanceof ClusterError) || error instanceof DaemonUnreachableError) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new PartialFailureError(failures);
}
