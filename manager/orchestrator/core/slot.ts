/**
 * A slot: one of the places that a replicated service has, and every task that the store knows of
 * it. Tasks are ordered by `version`, the sequence number at which they were last wanted otherwise:
 * that order is the log's own, while times of creation come from clocks that may jump.
 */
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";

export interface Slot {
  readonly number: number;
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

/** Ordered by slot number. */
export function groupBySlot(tasks: readonly Task[]): Slot[] {
  const bySlot = new Map<number, Task[]>();
  for (const task of tasks) {
    const group = bySlot.get(task.slot);
    if (group === undefined) bySlot.set(task.slot, [task]);
    else group.push(task);
  }
  // Typed arrays sort by value without a comparer: several times faster for large services.
  const numbers = [...Uint32Array.from(bySlot.keys()).sort()];
  return numbers.map((number) => slotOf(number, bySlot.get(number) ?? NONE));
}

export function slotOf(number: number, tasks: readonly Task[]): Slot {
  const only = tasks.length === 1 ? tasks[0] : undefined;
  if (only !== undefined) return slotOfOne(number, only, tasks);
  const ordered = [...tasks].sort(byVersion);
  return {
    number,
    wanted: ordered.filter((task) => isWanted(task.desired)),
    past: ordered.filter((task) => task.desired === "shutdown"),
    leaving: ordered.filter((task) => task.desired === "remove"),
  };
}

/**
 * Most slots hold one task, and a service may have a hundred thousand of them: no more
 * is allocated than must be.
 */
function slotOfOne(number: number, task: Task, one: readonly Task[]): Slot {
  if (isWanted(task.desired)) return { number, wanted: one, past: NONE, leaving: NONE };
  if (task.desired === "shutdown") return { number, wanted: NONE, past: one, leaving: NONE };
  return { number, wanted: NONE, past: NONE, leaving: one };
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
  return isTerminal(task.status.state) || (task.nodeId === undefined && !isWanted(task.desired));
}
