/**
 * When the cluster gives a task up. A node that is down may be alive behind a cut: its tasks keep
 * what they hold (addresses, reservations, ports) until it reports them ended, is removed (`apply`
 * sees to that), or has been down for so long as the cluster waits (a day, unless it is set otherwise).
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { orphanedAfterMs } from "./cluster-rules.js";

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
  const limitMs = orphanedAfterMs(view);
  if (downForMs < limitMs) {
    return { changes: [], wakeInMs: limitMs - downForMs };
  }
  return {
    changes: held.map(({ id: taskId, status: { error: _, ...status } }) => ({
      kind: "observe-task",
      taskId,
      status: { ...status, state: "orphaned", atMs, message: "node was down for too long" },
    })),
  };
}
