/** A placement as the change that makes it so. */
import type { Change } from "../../store/core/change.js";
import type { Placement } from "./place-tasks.js";

export function assignmentOf({ taskId, nodeId, generics }: Placement): Change {
  const message = "scheduler assigned task to node";
  return { kind: "assign-task", taskId, nodeId, message, ...(generics && { generics }) };
}
