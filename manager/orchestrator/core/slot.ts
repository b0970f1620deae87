/**
 * A slot: one of the places that a service has, and every task that the store knows of it. A
 * replicated service numbers its slots; of a global one each node is a slot. Tasks are ordered by `version`, the sequence number at which they were last wanted otherwise:
 * that order is the log's own, while times of creation come from clocks that may jump.
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { NO_SLOT } from "../../store/core/slot-index.js";
import type { StoreView } from "../../store/core/view.js";

/** Its number from 1, or the node that stands for it (global services). */
export type SlotKey = number | NodeId;

export interface Slot {
  readonly key: SlotKey;
  /**
   * What should run: one task, or two while one replaces the other start-first (the older first).
   */
  readonly wanted: readonly Task[];
  /** What ran before and is remembered, the latest last. */
  readonly past: readonly Task[];
  /** What is to be forgotten once it has stopped. */
  readonly leaving: readonly Task[];
}

const NONE: readonly Task[] = [];

export function slotKey(task: Task): SlotKey {
  return task.slot === NO_SLOT && task.nodeId !== undefined ? task.nodeId : task.slot;
}

/** By number, or by the node's id. A service has slots of one kind. */
export function compareSlots(a: Slot, b: Slot): number {
  if (typeof a.key === "number" && typeof b.key === "number") return a.key - b.key;
  return a.key < b.key ? -1 : 1;
}

/** All tasks that the store knows of the slot. */
export function tasksOfSlot(view: StoreView, serviceId: ServiceId, key: SlotKey): readonly Task[] {
  if (typeof key === "number") return view.tasksOfSlot(serviceId, key);
  return view.tasksOfNode(key).filter((task) => task.serviceId === serviceId);
}

/** Ordered by slot: by number, or by the node's id. */
export function groupBySlot(tasks: readonly Task[]): Slot[] {
  const bySlot = new Map<SlotKey, Task[]>();
  for (const task of tasks) {
    const key = slotKey(task);
    const group = bySlot.get(key);
    if (group === undefined) bySlot.set(key, [task]);
    else group.push(task);
  }
  return sortedKeys(bySlot.keys()).map((key) => slotOf(key, bySlot.get(key) ?? NONE));
}

/** Typed arrays sort by value without a comparer: several times faster for large services. */
function sortedKeys(keys: Iterable<SlotKey>): SlotKey[] {
  const all = [...keys];
  if (all.some((key) => typeof key === "string")) return all.sort();
  return [...Uint32Array.from(all as number[]).sort()];
}

export function slotOf(key: SlotKey, tasks: readonly Task[]): Slot {
  const only = tasks.length === 1 ? tasks[0] : undefined;
  if (only !== undefined) return slotOfOne(key, only, tasks);
  const ordered = [...tasks].sort(byVersion);
  return {
    key,
    wanted: ordered.filter((task) => isWanted(task.desired)),
    past: ordered.filter((task) => task.desired === "shutdown"),
    leaving: ordered.filter((task) => task.desired === "remove"),
  };
}

/**
 * Most slots hold one task, and a service may have a hundred thousand of them: no more
 * is allocated than must be.
 */
function slotOfOne(key: SlotKey, task: Task, one: readonly Task[]): Slot {
  if (isWanted(task.desired)) return { key, wanted: one, past: NONE, leaving: NONE };
  if (task.desired === "shutdown") return { key, wanted: NONE, past: one, leaving: NONE };
  return { key, wanted: NONE, past: NONE, leaving: one };
}

/**
 * Ties (tasks of one command) fall to the time of creation, then to the id:
 * any fixed order will do.
 */
function byVersion(a: Task, b: Task): number {
  return a.version - b.version || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1);
}

/**
 * A slot is held while a task is wanted in it, and also after its last task has ended for good (its
 * policy says no to a restart): as in Docker, that task stays and no other takes its place.
 */
export function isHeld(slot: Slot): boolean {
  return slot.wanted.length > 0 || slot.past.length > 0;
}

/** The task that stands for the slot: the newest wanted one, or the last one that ran. */
export function latestTask(slot: Slot): Task | undefined {
  return slot.wanted.at(-1) ?? slot.past.at(-1);
}

/** No container of it runs or will run: it ended, or no node ever heard of it and none will. */
export function isOver(task: Task): boolean {
  return isTerminal(task.status.state) || (!isPlaced(task) && !isWanted(task.desired));
}
