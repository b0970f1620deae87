/** Why an agent will not listen to a manager. */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { Fence } from "../../shared/model/fence.js";

/**
 * The manager knows less than one that was heard before: deposed, lagging, or
 * restored without a new epoch.
 */
export class OutdatedManagerError extends ClusterError {
  readonly code = "failed-precondition";

  constructor(fences: { readonly seen: Fence; readonly sent: Fence }) {
    super(
      `the manager is behind what this node has seen: it sent ${text(fences.sent)}, seen was ${text(fences.seen)}`,
    );
  }
}

function text({ epoch, term, sequence }: Fence): string {
  return `epoch ${epoch} term ${term} sequence ${sequence}`;
}
