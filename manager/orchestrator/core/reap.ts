/**
 * What the store may forget: removed tasks once nothing runs of them, and a slot's past beyond the
 * history limit. (Revisions go with the last task that needs them: `apply` sees to that.)
 */
import type { Task } from "../../../shared/model/task.js";
import type { StoreView } from "../../store/core/view.js";
import type { Action } from "./action.js";
import { isOver, type Slot } from "./slot.js";

/** Docker's default, where no cluster object is there yet. */
const DEFAULT_HISTORY_LIMIT = 5;

/** Tasks per slot that are remembered, the wanted ones included; negative: all. */
export function historyLimit(view: StoreView): number {
  return view.cluster()?.spec.Orchestration?.TaskHistoryRetentionLimit ?? DEFAULT_HISTORY_LIMIT;
}

/** @param isNeeded whether a past task is still asked about, whatever the limit */
export function reapSlot(slot: Slot, limit: number, isNeeded: (task: Task) => boolean): Action[] {
  if (slot.past.length === 0 && slot.leaving.length === 0) return [];
  const forgotten = slot.leaving.filter(isOver);
  return [...forgotten, ...beyondLimit(slot, limit, isNeeded)].map(forget);
}

function beyondLimit(
  slot: Slot,
  limit: number,
  isNeeded: (task: Task) => boolean,
): readonly Task[] {
  const excess = slot.wanted.length + slot.past.length - limit;
  if (limit < 0 || excess <= 0) return [];
  // The last task of a slot that ended for good is what holds the slot: without it,
  // it would be filled again.
  const spare = slot.wanted.length > 0 ? slot.past : slot.past.slice(0, -1);
  return spare.filter((task) => isOver(task) && !isNeeded(task)).slice(0, excess);
}

function forget(task: Task): Action {
  return { kind: "forget-task", taskId: task.id };
}
