/**
 * A node whose capacity shrank (a changed machine, a label of its engine) may hold more than it
 * has. The tasks that came last must go, until what remains fits again.
 */
import { genericCapacity } from "../../../shared/model/generic-resources.js";
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
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
import type { Action } from "./action.js";
import { moveAway } from "./repair-slot.js";
import { type PlanTime, Situation } from "./situation.js";
import { slotKey, slotOf, tasksOfSlot } from "./slot.js";

export interface Eviction {
  readonly serviceId: ServiceId;
  readonly action: Action;
}

export interface EvictionPlan {
  readonly evictions: readonly Eviction[];
  /** Whether something of it is still to be looked after, though no event may call for it. */
  readonly outcome: "fits" | "look again";
}

export function planEvictions(view: StoreView, nodeId: NodeId, time: PlanTime): EvictionPlan {
  const beyond = tasksBeyondCapacity(view, nodeId);
  return {
    evictions: beyond.flatMap((task) => evict(task, view, time)),
    outcome: beyond.length === 0 ? "fits" : "look again",
  };
}

function evict(task: Task, view: StoreView, time: PlanTime): Eviction[] {
  const service = view.service(task.serviceId);
  if (service === undefined) return [];
  const slot = slotOf(slotKey(task), tasksOfSlot(view, service.id, slotKey(task)));
  const newest = slot.wanted.at(-1);
  const isBeingReplaced = newest !== undefined && newest.id !== task.id;
  const actions = isBeingReplaced
    ? giveWay(task, newest)
    : moveAway(task, slot, new Situation(view, service, time, new Map())).actions;
  return actions.map((action) => ({ serviceId: service.id, action }));
}

/**
 * It stays until what replaces it start-first runs; but where that finds no room anywhere, it would
 * stay for ever, on a node that does not have what it promised.
 */
function giveWay(task: Task, successor: Task): readonly Action[] {
  const isStuck = successor.status.state === "pending" && successor.status.error !== undefined;
  return isStuck ? [{ kind: "stop-task", taskId: task.id }] : [];
}

/** Tasks that no longer fit on their node, of those that should go on running there. */
function tasksBeyondCapacity(view: StoreView, nodeId: NodeId): readonly Task[] {
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
