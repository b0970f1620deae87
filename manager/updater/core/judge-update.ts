/**
 * What is to be said of a rolling update as a whole: that it begins, that it is over, or that so
 * many of its tasks failed that it must stop. The words are Docker's, whose users and tools know
 * them.
 */
import type { Service, UpdateProgress } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { SlotProgress } from "./slot-progress.js";
import { isPaused, isRollback, isUnderWay, type UpdateRules } from "./update-rules.js";

export type Verdict =
  /** There is nothing to update, or the user must say something first. */
  | { readonly kind: "rest" }
  | { readonly kind: "begin" }
  | { readonly kind: "go-on"; readonly wakeInMs?: number }
  | { readonly kind: "complete" }
  | { readonly kind: "pause"; readonly message: string }
  | { readonly kind: "roll-back"; readonly message: string };

export function judgeUpdate(
  service: Service,
  progress: readonly SlotProgress[],
  rules: UpdateRules,
): Verdict {
  const { update } = service;
  if (isPaused(update)) return { kind: "rest" };
  if (!isUnderWay(update)) {
    return progress.some(({ kind }) => kind === "outdated") ? { kind: "begin" } : { kind: "rest" };
  }
  const culprit = culpritOf(progress, rules);
  if (culprit !== undefined) return afterFailure(culprit, service, rules);
  return completion(progress, rules);
}

/** The task whose failure was one too many. */
function culpritOf(progress: readonly SlotProgress[], rules: UpdateRules): Task | undefined {
  if (rules.failureAction === "continue") return undefined;
  const failed = progress.flatMap((slot) =>
    slot.kind === "arrived" && slot.failed ? [slot.task] : [],
  );
  const touched = progress.filter(({ kind }) => kind !== "untouched").length;
  if (failed.length === 0 || failed.length / touched <= rules.maxFailureRatio) return undefined;
  return failed.reduce((last, task) => (task.status.atMs > last.status.atMs ? task : last));
}

/** A rollback is never rolled back; and before its first update a service has nothing to go to. */
function afterFailure(task: Task, { update, previous }: Service, rules: UpdateRules): Verdict {
  const dueTo = `due to failure or early termination of task ${task.id}`;
  if (rules.failureAction === "pause") {
    return { kind: "pause", message: `update paused ${dueTo}` };
  }
  if (isRollback(update)) return { kind: "pause", message: `rollback paused ${dueTo}` };
  if (previous === undefined) return { kind: "pause", message: `update paused ${dueTo}` };
  return { kind: "roll-back", message: `update rolled back ${dueTo}` };
}

/** Over is what has nothing left to replace, and whose every new task was watched long enough. */
function completion(progress: readonly SlotProgress[], { monitorMs }: UpdateRules): Verdict {
  let wakeInMs = 0;
  for (const slot of progress) {
    if (slot.kind === "outdated" || slot.kind === "coming") return { kind: "go-on" };
    if (slot.kind === "arrived") wakeInMs = Math.max(wakeInMs, monitorMs - slot.agoMs);
  }
  return wakeInMs > 0 ? { kind: "go-on", wakeInMs } : { kind: "complete" };
}

/**
 * What the service shows after the verdict.
 * @param atMs wall clock of the command
 */
export function progressAfter(
  verdict: Extract<Verdict, { kind: "begin" | "complete" | "pause" | "roll-back" }>,
  update: UpdateProgress | undefined,
  atMs: number,
): UpdateProgress {
  const startedAtMs = update?.startedAtMs ?? atMs;
  const rollback = isRollback(update);
  switch (verdict.kind) {
    case "begin":
      return { state: "updating", message: "update in progress", startedAtMs: atMs };
    case "complete":
      return rollback
        ? {
            state: "rollback_completed",
            message: "rollback completed",
            startedAtMs,
            completedAtMs: atMs,
          }
        : { state: "completed", message: "update completed", startedAtMs, completedAtMs: atMs };
    case "pause":
      return {
        state: rollback ? "rollback_paused" : "paused",
        message: verdict.message,
        startedAtMs,
      };
    case "roll-back":
      return { state: "rollback_started", message: verdict.message, startedAtMs };
  }
}
