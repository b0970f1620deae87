/**
 * Puts a group of like tasks on nodes, one after the other, each on the best node that then stands.
 */
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { SpreadByLabels, SpreadByService } from "./candidates.js";
import type { Demand } from "./demand.js";
import { classAccepts, nodeAccepts } from "./filters.js";
import type { NodeIndex } from "./node-index.js";
import type { NodeLoad } from "./node-load.js";

/** Tasks of one revision of a service: they ask the same of a node. */
export interface TaskGroup {
  readonly serviceId: ServiceId;
  readonly demand: Demand;
  readonly tasks: Iterable<TaskId>;
}

export interface Placement {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
}

/**
 * Places as many tasks as fit, in their order, and counts them in the index. The rest finds no
 * node: a task that does not fit leaves none that do behind it, as they all ask the same.
 */
export function placeTasks(index: NodeIndex, group: TaskGroup): Placement[] {
  const { serviceId, demand } = group;
  const candidates =
    demand.spreadOver.length === 0
      ? new SpreadByService(index, demand, serviceId)
      : new SpreadByLabels(index, demand, serviceId);
  const placements: Placement[] = [];
  for (const taskId of group.tasks) {
    const load = candidates.next();
    if (load === undefined) break;
    load.hold(demand);
    index.countTask(load, serviceId, 1);
    candidates.putBack(load);
    placements.push({ taskId, nodeId: load.node.id });
  }
  candidates.close();
  return placements;
}

/** Tasks that each name the node that they are for. */
export interface BoundGroup {
  readonly serviceId: ServiceId;
  readonly demand: Demand;
  readonly tasks: readonly Task[];
}

/** Places those whose node accepts them, at most `limit`. */
export function placeBoundTasks(index: NodeIndex, group: BoundGroup, limit: number): Placement[] {
  const { serviceId, demand } = group;
  const placements: Placement[] = [];
  for (const { id: taskId, nodeId } of group.tasks) {
    if (placements.length >= limit) break;
    const load = nodeId && index.get(nodeId);
    if (!load || !accepts(load, demand, serviceId)) continue;
    index.change(load.node.id, () => {
      load.hold(demand);
      index.countTask(load, serviceId, 1);
    });
    placements.push({ taskId, nodeId: load.node.id });
  }
  return placements;
}

function accepts(load: NodeLoad, demand: Demand, service: ServiceId): boolean {
  return classAccepts(load, demand, service) && nodeAccepts(load, demand, service);
}
