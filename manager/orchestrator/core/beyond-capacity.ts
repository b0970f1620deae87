/**
 * What a node holds beyond its capacity, after that shrank: the tasks that came last, until what
 * remains fits again.
 */
import { genericCapacity } from "../../../shared/model/generic-resources.js";
import type { NodeId } from "../../../shared/model/ids.js";
import { nodeAvailability } from "../../../shared/model/node.js";
import {
  fits,
  holdsResources,
  nodeCapacity,
  reservationOf,
  subtractResources,
} from "../../../shared/model/resources.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import { GenericStock } from "../../scheduler/core/generic-stock.js";
import type { StoreView } from "../../store/core/view.js";

/** Tasks that no longer fit on their node, of those that should go on running there. */
export function tasksBeyondCapacity(view: StoreView, nodeId: NodeId): readonly Task[] {
  const node = view.node(nodeId);
  if (node?.description === undefined || nodeAvailability(node) !== "active") return [];
  let free = nodeCapacity(node);
  const stock = new GenericStock();
  stock.become(genericCapacity(node));
  const beyond: Task[] = [];
  const staying = view.tasksOfNode(nodeId).filter((task) => isWanted(task.desired));
  for (const task of staying.filter(holdsResources).sort(byAge)) {
    const template = view.revision(task.serviceId, task.revision)?.template ?? {};
    const reserved = reservationOf(template);
    const { generics = [] } = task;
    if (fits(reserved, free) && stock.has(generics)) {
      free = subtractResources(free, reserved);
      stock.count(generics, 1);
    } else beyond.push(task);
  }
  return beyond;
}

/** `version` is the log's own order: the oldest has the lowest. */
function byAge(a: Task, b: Task): number {
  return a.version - b.version || (a.id < b.id ? -1 : 1);
}
