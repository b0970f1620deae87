/**
 * Copies of tasks with one thing changed. Written out field by field, so that all tasks have the same
 * shape in memory: a spread would add a table of extra properties to each, by the hundred thousand.
 */
import type { NodeId } from "../../../../shared/model/ids.js";
import type { Task, TaskStatus } from "../../../../shared/model/task.js";

/** What changes; the rest stays. */
export interface TaskChanges {
  readonly version?: number;
  readonly updatedAtMs: number;
  readonly nodeId?: NodeId;
  readonly desired?: Task["desired"];
  readonly status?: TaskStatus;
}

export function changedTask(task: Task, changes: TaskChanges): Task {
  const nodeId = changes.nodeId ?? task.nodeId;
  const copy =
    nodeId === undefined ? unplacedCopy(task, changes) : placedCopy(task, changes, nodeId);
  if (task.restartsAtMs === undefined) return copy;
  return { ...copy, restartsAtMs: task.restartsAtMs };
}

function unplacedCopy(task: Task, changes: TaskChanges): Task {
  return {
    id: task.id,
    version: changes.version ?? task.version,
    createdAtMs: task.createdAtMs,
    updatedAtMs: changes.updatedAtMs,
    serviceId: task.serviceId,
    revision: task.revision,
    slot: task.slot,
    desired: changes.desired ?? task.desired,
    status: changes.status ?? task.status,
  };
}

function placedCopy(task: Task, changes: TaskChanges, nodeId: NodeId): Task {
  return {
    id: task.id,
    version: changes.version ?? task.version,
    createdAtMs: task.createdAtMs,
    updatedAtMs: changes.updatedAtMs,
    serviceId: task.serviceId,
    revision: task.revision,
    slot: task.slot,
    nodeId,
    desired: changes.desired ?? task.desired,
    status: changes.status ?? task.status,
  };
}
