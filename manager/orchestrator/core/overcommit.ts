/**
 * A node whose capacity shrank (a changed machine, a label of its engine) may hold more than it
 * has. The tasks that came last must go, until what remains fits again.
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { StoreView } from "../../store/core/view.js";
import type { Action } from "./action.js";
import { tasksBeyondCapacity } from "./beyond-capacity.js";
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
