/**
 * How far a rolling update has come in one slot. All of it is read from the store: an update's
 * own tasks are those of the service's present revision that are no restarts (every update and
 * every rollback has a revision of its own), and they are kept until the update is over.
 */
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { PlanTime, Situation } from "../../orchestrator/core/situation.js";
import { latestTask, type Slot } from "../../orchestrator/core/slot.js";
import { isUnderWay, type UpdateRules } from "./update-rules.js";

export type SlotProgress =
  /** It is still to be replaced. */
  | { readonly kind: "outdated" }
  /** It ran what is wanted all along. */
  | { readonly kind: "untouched" }
  /** Its new task has neither come up nor ended yet. */
  | { readonly kind: "coming" }
  | {
      /** The new task came up, or ended. */
      readonly kind: "arrived";
      readonly task: Task;
      readonly agoMs: number;
      readonly failed: boolean;
    };

const OUTDATED: SlotProgress = { kind: "outdated" };
const UNTOUCHED: SlotProgress = { kind: "untouched" };
const COMING: SlotProgress = { kind: "coming" };

/** @param arrivedMs when this leader first saw the task there, on the clock that never goes back */
export function progressOf(
  slot: Slot,
  situation: Situation,
  { arrivedMs, rules }: { arrivedMs: (task: Task) => number; rules: UpdateRules },
): SlotProgress {
  if (isOutdated(slot, situation)) return OUTDATED;
  const task = taskOfUpdate(slot, situation.service);
  if (task === undefined) return isOnItsWay(slot) ? COMING : UNTOUCHED;
  if (!hasArrived(task)) return COMING;
  const agoMs = situation.time.nowMs - arrivedMs(task);
  return { kind: "arrived", task, agoMs, failed: hasFailed(task, situation.service, rules) };
}

export function isOutdated(slot: Slot, situation: Situation): boolean {
  const latest = latestTask(slot);
  return latest !== undefined && !situation.isCurrent(latest);
}

function hasArrived({ status: { state } }: Task): boolean {
  return state === "running" || isTerminal(state);
}

/** The newest one: a drained node's task is followed by another that counts. */
function taskOfUpdate(slot: Slot, service: Service): Task | undefined {
  const made = (task: Task): boolean => isMadeByUpdate(task, service);
  return slot.wanted.findLast(made) ?? slot.past.findLast(made);
}

/** An update before this one began to bring the same template: the slot is not up yet. */
function isOnItsWay(slot: Slot): boolean {
  const latest = slot.wanted.at(-1);
  return latest !== undefined && latest.restartsAtMs === undefined && !hasArrived(latest);
}

function isMadeByUpdate(task: Task, service: Service): boolean {
  return task.revision === service.revision && task.restartsAtMs === undefined;
}

/** Whether how it ended will be asked for: history limit or not, it stays in the store. */
export function isEvidence(task: Task, service: Service): boolean {
  return isUnderWay(service.update) && isMadeByUpdate(task, service);
}

/**
 * It ended by itself before it had run for the monitor period. What was put aside before the user
 * last spoke counted then, and an update that he has go on begins without it.
 */
function hasFailed(task: Task, service: Service, { monitorMs }: UpdateRules): boolean {
  const { state, atMs } = task.status;
  if (state !== "failed" && state !== "rejected" && state !== "complete") return false;
  if (!isWanted(task.desired) && task.version <= service.version) return false;
  // Both times are of the task's own host.
  return task.ranAtMs === undefined || atMs - task.ranAtMs <= monitorMs;
}

/**
 * When this leader takes a task to have arrived. One that an earlier leader saw arrive has been
 * there for as long as the store says, as far as the leaders' clocks agree; from then on the time
 * is measured on the clock that never goes back.
 */
export function firstSeenMs(task: Task, { nowMs, atMs }: PlanTime): number {
  return nowMs - Math.max(0, atMs - task.updatedAtMs);
}
