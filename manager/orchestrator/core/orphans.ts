/**
 * When the cluster gives a task up. A node that is down may be alive behind a cut: its tasks keep
 * what they hold (addresses, reservations, ports) until it reports them ended, is removed (`apply`
 * sees to that), or has been down for a day.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";

/** As in SwarmKit: a host that is silent for so long is taken to be off for good. */
export const ORPHANED_AFTER_MS = 24 * 3_600_000;

export interface OrphanPlan {
  readonly changes: readonly Change[];
  /** Look again after this time, if nothing happens before (ms). */
  readonly wakeInMs?: number;
}

/**
 * @param downForMs how long this leader has known the node to be down; a new leader counts afresh
 * @param atMs wall clock of the command
 */
export function planOrphans(
  view: StoreView,
  nodeId: NodeId,
  { downForMs, atMs }: { readonly downForMs: number; readonly atMs: number },
): OrphanPlan {
  if (view.node(nodeId)?.status.state !== "down") return { changes: [] };
  const held = view.tasksOfNode(nodeId).filter((task) => !isTerminal(task.status.state));
  if (held.length === 0) return { changes: [] };
  if (downForMs < ORPHANED_AFTER_MS) {
    return { changes: [], wakeInMs: ORPHANED_AFTER_MS - downForMs };
  }
  return {
    changes: held.map(({ id: taskId, status: { error: _, ...status } }) => ({
      kind: "observe-task",
      taskId,
      status: { ...status, state: "orphaned", atMs, message: "node was down for too long" },
    })),
  };
}
