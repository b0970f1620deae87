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

/** A manager says, with a fence that holds, that this node was removed from the cluster. */
export class NodeRemovedError extends ClusterError {
  readonly code = "failed-precondition";

  constructor() {
    super("this node was removed from the swarm");
  }
}

/** A manager's host took the connection, and then no word came. */
export class UnansweredError extends ClusterError {
  readonly code = "unavailable";
}

/** A manager that was heard fell silent. */
export class SilentManagerError extends ClusterError {
  readonly code = "unavailable";
}

/** Nobody takes a connection there, or says that nobody does. */
export class UnreachableError extends ClusterError {
  readonly code = "unavailable";
}

/**
 * A manager that was heard fell silent, and its host takes no connections: it is cut off from us. The
 * old connection would speak again seconds after the mend only, for its packets are sent again at
 * intervals that double.
 */
export class CutOffError extends ClusterError {
  readonly code = "unavailable";
}

function text({ epoch, term, sequence }: Fence): string {
  return `epoch ${epoch} term ${term} sequence ${sequence}`;
}
