/**
 * Keeps one slot running: a task that ended is restarted as its policy says, one whose node is lost
 * or must let it go is replaced, one that waits is started when its wait is over, and where one
 * task replaces another start-first, the older is stopped once the newer runs.
 */
import type { Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Action, NewTask, Restarts } from "./action.js";
import { tasksBeyondCapacity } from "./beyond-capacity.js";
import { stopPatienceMs } from "./cluster-rules.js";
import { neverRestarts, restartDelayMs, startDelayMs } from "./restart.js";
import type { Situation } from "./situation.js";
import { isOver, type Slot, slotKey } from "./slot.js";

export interface Repair {
  readonly actions: readonly Action[];
  /** Look again after this time, if nothing happens before (ms). */
  readonly wakeInMs?: number;
}

/** All is well, or nothing can be done. */
export const NO_REPAIR: Repair = { actions: [] };

export function repairSlot(slot: Slot, situation: Situation): Repair {
  const newest = slot.wanted.at(-1);
  if (newest === undefined) return NO_REPAIR;
  if (slot.wanted.length === 1) return repairTask(newest, slot, situation);
  return settleSuccession(newest, slot.wanted.slice(0, -1), slot, situation);
}

/** Two wanted tasks: the newer replaces the older. */
function settleSuccession(
  newest: Task,
  olds: readonly Task[],
  slot: Slot,
  situation: Situation,
): Repair {
  const { state } = newest.status;
  const arrived = state === "running" || state === "complete";
  const useless = olds.filter(
    (old) =>
      arrived ||
      isTerminal(old.status.state) ||
      situation.footingOf(old) === "lost" ||
      isOverdue(old, situation),
  );
  if (useless.length > 0) return { actions: useless.map(stop) };
  const stillNeeded =
    situation.isCurrent(newest) || olds.some((old) => isMovedAway(old, situation));
  // The service changed again before the newer task came up: what runs stays, and
  // is replaced in its turn.
  if (!stillNeeded) return { actions: [stop(newest)] };
  const dues = olds.flatMap((old) => situation.leaveInMs(old) ?? []);
  return wakingWithin(dues, repairTask(newest, slot, situation));
}

/** Its node was to be empty by now. */
function isOverdue(task: Task, situation: Situation): boolean {
  return (situation.leaveInMs(task) ?? 1) <= 0;
}

function wakingWithin(duesMs: readonly number[], repair: Repair): Repair {
  if (duesMs.length === 0) return repair;
  const { wakeInMs = Number.MAX_SAFE_INTEGER } = repair;
  return { ...repair, wakeInMs: Math.min(wakeInMs, ...duesMs) };
}

function isMovedAway(old: Task, situation: Situation): boolean {
  return situation.footingOf(old) !== "firm" || lacksRoom(old, situation);
}

/** Its node shrank, and is to be rid of it. */
function lacksRoom(old: Task, { view }: Situation): boolean {
  if (old.nodeId === undefined) return false;
  return tasksBeyondCapacity(view, old.nodeId).some(({ id }) => id === old.id);
}

/** @param task the newest wanted one of the slot */
function repairTask(task: Task, slot: Slot, situation: Situation): Repair {
  if (situation.isDone(task)) return NO_REPAIR;
  if (isTerminal(task.status.state)) return afterEnd(task, slot, situation);
  switch (situation.footingOf(task)) {
    case "lost":
    case "leaving":
      return moveAway(task, slot, situation);
    case "firm":
      return task.desired === "ready" ? startOrWait(task, slot, situation) : NO_REPAIR;
  }
}

/** The task ended by itself. */
function afterEnd(task: Task, slot: Slot, situation: Situation): Repair {
  // It failed while it was still being prepared (no such image): the next try waits as
  // long as it should have.
  const unserved = task.desired === "ready" ? unservedMs(task, situation) : 0;
  const firm = situation.footingOf(task) === "firm";
  if (unserved > 0 && firm) return { actions: [], wakeInMs: unserved };
  const policy = situation.policyOf(task);
  const sequel = situation.sequelOf(task, situation.time.atMs);
  if (sequel.kind === "finish") {
    // A newcomer that failed for good beside a running task stays as the record of it.
    return slot.wanted.length > 1 ? NO_REPAIR : { actions: [stop(task)] };
  }
  // After a dead or drained node no delay is served: the task did nothing wrong.
  const { restarts } = sequel;
  const mustWait = firm && restartDelayMs(policy) > 0;
  const desired = mustWait || isOccupied(slot, situation) ? "ready" : situation.goal;
  const counts = firm ? "now" : "not";
  return replace(task, "stop-first", successor(task, desired, { ...restarts, counts }, situation));
}

/** The node is lost, or must let the task go. */
export function moveAway(task: Task, slot: Slot, situation: Situation): Repair {
  if (neverRestarts(situation.policyOf(task))) return { actions: [stop(task)] };
  const restarts: Restarts = { earlierMs: task.restartsAtMs ?? [], counts: "not" };
  if (situation.footingOf(task) === "lost") {
    const desired = isOccupied(slot, situation) ? "ready" : situation.goal;
    return replace(task, "stop-first", successor(task, desired, restarts, situation));
  }
  // Where the node stands for the slot there is no other place to start first at.
  const startFirst =
    situation.updateConfig().Order === "start-first" &&
    typeof slot.key === "number" &&
    task.status.state === "running" &&
    slot.wanted.length === 1 &&
    !isOverdue(task, situation);
  return startFirst
    ? replace(task, "start-first", successor(task, situation.goal, restarts, situation))
    : replace(task, "stop-first", successor(task, "ready", restarts, situation));
}

function startOrWait(task: Task, slot: Slot, situation: Situation): Repair {
  const unserved = Math.max(unservedMs(task, situation), occupiedMs(task, slot, situation));
  if (unserved > 0) return { actions: [], wakeInMs: unserved };
  return { actions: [{ kind: "start-task", taskId: task.id, goal: situation.goal }] };
}

function unservedMs(task: Task, situation: Situation): number {
  const delayMs = startDelayMs(task, situation.policyOf(task), situation.backOff);
  return delayMs - situation.ageMs(task);
}

/** How much longer the task waits for those before it to stop, at most (ms). */
function occupiedMs(task: Task, slot: Slot, situation: Situation): number {
  const patienceMs = stopPatienceMs(situation.view);
  const waits = occupants(slot, situation).map(
    (old) => situation.stopGraceMs(old) + patienceMs - situation.waitedMs(task),
  );
  return Math.max(0, ...waits);
}

/**
 * Whether a container of an earlier task may still run in this slot, on a host that can be asked.
 */
export function isOccupied(slot: Slot, situation: Situation): boolean {
  return occupants(slot, situation).length > 0;
}

function occupants(slot: Slot, situation: Situation): readonly Task[] {
  if (slot.past.length === 0 && slot.leaving.length === 0) return [];
  return [...slot.past, ...slot.leaving].filter(
    (task) => !isOver(task) && situation.footingOf(task) !== "lost",
  );
}

function successor(
  task: Task,
  desired: NewTask["desired"],
  restarts: Restarts,
  situation: Situation,
): NewTask {
  return { slot: slotKey(task), revision: situation.revisionAfter(task), desired, restarts };
}

function replace(task: Task, order: "stop-first" | "start-first", next: NewTask): Repair {
  return { actions: [{ kind: "replace-task", taskId: task.id, order, successor: next }] };
}

function stop(task: Task): Action {
  return { kind: "stop-task", taskId: task.id };
}
