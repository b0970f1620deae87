/**
 * What the store may forget: removed tasks once nothing runs of them, a slot's past beyond the history limit,
 * and revisions that nobody can come back to.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import { REVISIONS_KEPT } from "../../../shared/model/revision.js";
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

export function reapSlot(slot: Slot, view: StoreView, limit: number): Action[] {
  const forgotten = slot.leaving.filter((task) => mayForget(task, view));
  return [...forgotten, ...beyondLimit(slot, view, limit)].map(forget);
}

function beyondLimit(slot: Slot, view: StoreView, limit: number): readonly Task[] {
  const excess = slot.wanted.length + slot.past.length - limit;
  if (limit < 0 || excess <= 0) return [];
  // The last task of a slot that ended for good is what holds the slot: without it, it would be filled again.
  const spare = slot.wanted.length > 0 ? slot.past : slot.past.slice(0, -1);
  return spare.filter((task) => mayForget(task, view)).slice(0, excess);
}

/** Nothing runs of it, and no node will report on it again. */
function mayForget(task: Task, view: StoreView): boolean {
  return isOver(task) || (task.nodeId !== undefined && view.node(task.nodeId) === undefined);
}

function forget(task: Task): Action {
  return { kind: "forget-task", taskId: task.id };
}

/** Revisions that neither a task nor the service refers to, beyond the newest ones of a service that exists. */
export function reapRevisions(
  view: StoreView,
  serviceId: ServiceId,
  tasks: readonly Task[],
): Action[] {
  const revisions = view.revisions(serviceId);
  const service = view.service(serviceId);
  const kept = service === undefined ? 0 : REVISIONS_KEPT;
  if (revisions.length <= kept) return [];
  const inUse = new Set(tasks.map((task) => task.revision));
  if (service !== undefined) inUse.add(service.revision);
  if (service?.previous !== undefined) inUse.add(service.previous.revision);
  return revisions
    .slice(0, revisions.length - kept)
    .filter((revision) => !inUse.has(revision.number))
    .map((revision) => ({ kind: "forget-revision", number: revision.number }));
}
