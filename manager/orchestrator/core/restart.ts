/**
 * The restart policy: whether a task that ended is followed by another, and after which
 * delay. Docker's rules (condition, delay, attempts, window), and on top of the delay an
 * exponential back-off for a slot whose tasks keep ending, so that a service that cannot run
 * does not wear its hosts out.
 *
 * Restarts are counted by `Task.restartsAtMs`, which each restarted task inherits and
 * adds to: the count survives a change of leader, and ends with the revision, as the
 * updater's tasks start with none.
 */
import type { RestartPolicy } from "../../../shared/docker-api/task-spec.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Restarts } from "./action.js";

const NS_PER_MS = 1e6;
const MS_PER_S = 1_000;

/** Docker's default, for a template that was never completed. */
const DEFAULT_DELAY_MS = 5_000;

/** The cluster's settings for tasks that keep failing. */
export interface BackOff {
  /** Restarts in a row that are served the service's delay alone. */
  readonly freeRestarts: number;
  /** After these, and twice as long each time. */
  readonly firstMs: number;
  readonly limitMs: number;
}

/**
 * A dependency that comes up a little late costs nothing, and a cause that was mended is noticed
 * within a minute.
 */
export const DEFAULT_BACK_OFF: BackOff = { freeRestarts: 5, firstMs: 1_000, limitMs: 60_000 };

/**
 * A task that lived this long beyond the longest back-off was well: the row of failures ends there.
 */
const WELL_AFTER_MS = 60_000;

/** Enough to reach the back-off's limit: 5 free restarts, then 1, 2, 4 … 64 s. */
function restartsRemembered({ freeRestarts, firstMs, limitMs }: BackOff): number {
  return freeRestarts + Math.ceil(Math.log2(Math.max(1, limitMs / Math.max(1, firstMs)))) + 1;
}

/**
 * Attempts that can be counted, at 8 bytes each on every task of a failing slot. A
 * policy that allows more is taken as one without a limit: at the back-off's pace they
 * would take most of a day.
 */
const ATTEMPTS_COUNTED_LIMIT = 1_000;

/** What follows the end of a task: another one, or nothing ever. */
export type Sequel =
  { readonly kind: "restart"; readonly restarts: Restarts } | { readonly kind: "finish" };

/**
 * @param task has ended by itself
 * @param atMs wall clock of the command that restarts it
 */
export function sequelOf(
  task: Task,
  policy: RestartPolicy,
  atMs: number,
  backOff: BackOff = DEFAULT_BACK_OFF,
): Sequel {
  if (!conditionHolds(task, policy) || attemptsLeft(task, policy, atMs) <= 0) {
    return { kind: "finish" };
  }
  const earlier = task.restartsAtMs ?? [];
  return {
    kind: "restart",
    restarts: { earlierMs: recent(earlier, policy, backOff), counts: "now" },
  };
}

/** The policy says no to any further task, whatever became of this one. */
export function neverRestarts(policy: RestartPolicy): boolean {
  return policy.Condition === "none";
}

function conditionHolds(task: Task, policy: RestartPolicy): boolean {
  switch (policy.Condition ?? "any") {
    case "any":
      return true;
    case "on-failure":
      return task.status.state !== "complete";
    case "none":
      return false;
  }
}

function attemptsLeft(task: Task, policy: RestartPolicy, atMs: number): number {
  const allowed = policy.MaxAttempts ?? 0;
  if (allowed === 0 || allowed > ATTEMPTS_COUNTED_LIMIT) return Number.MAX_SAFE_INTEGER;
  const windowMs = (policy.Window ?? 0) / NS_PER_MS;
  const counted = (task.restartsAtMs ?? []).filter(
    (restartMs) => windowMs === 0 || restartMs > atMs - windowMs,
  );
  return allowed - counted.length;
}

/** What the next task inherits, leaving room for the restart that makes it. */
function recent(
  earlier: readonly number[],
  policy: RestartPolicy,
  backOff: BackOff,
): readonly number[] {
  const attempts = Math.min(policy.MaxAttempts ?? 0, ATTEMPTS_COUNTED_LIMIT);
  const kept = Math.max(restartsRemembered(backOff), attempts) - 1;
  return earlier.slice(Math.max(0, earlier.length - kept));
}

/** How long a task with desired state `ready` waits from its creation (ms). */
export function startDelayMs(
  task: Task,
  policy: RestartPolicy,
  backOff: BackOff = DEFAULT_BACK_OFF,
): number {
  if (!isRestart(task)) return 0;
  const delayMs = restartDelayMs(policy);
  return delayMs + backOffMs(task.restartsAtMs ?? [], delayMs, backOff);
}

/** Only a restart is delayed; its own creation is the last restart that it counts. */
function isRestart({ restartsAtMs = [], createdAtMs }: Task): boolean {
  return restartsAtMs.at(-1) === createdAtMs;
}

/**
 * Why the task waits longer than its policy says, in the words of `service ps`; undefined where it
 * does not: "waits 9s after 8 restarts in a row".
 */
export function backOffWords(
  task: Task,
  policy: RestartPolicy,
  backOff: BackOff = DEFAULT_BACK_OFF,
): string | undefined {
  if (task.desired !== "ready" || isTerminal(task.status.state)) return undefined;
  const delayMs = restartDelayMs(policy);
  const waitMs = startDelayMs(task, policy, backOff);
  if (waitMs <= delayMs) return undefined;
  const row = failuresInARow(task.restartsAtMs ?? [], delayMs, backOff);
  const count = row < restartsRemembered(backOff) ? `${row}` : `${row} or more`;
  return `waits ${Math.round(waitMs / MS_PER_S)}s after ${count} restarts in a row`;
}

export function restartDelayMs(policy: RestartPolicy): number {
  return policy.Delay === undefined ? DEFAULT_DELAY_MS : policy.Delay / NS_PER_MS;
}

function backOffMs(restarts: readonly number[], delayMs: number, backOff: BackOff): number {
  const beyondFree = failuresInARow(restarts, delayMs, backOff) - backOff.freeRestarts;
  if (beyondFree <= 0) return 0;
  return Math.min(backOff.limitMs, backOff.firstMs * 2 ** (beyondFree - 1));
}

/** Restarts up to the last one, back to the first task that lived long enough to have been well. */
function failuresInARow(
  restarts: readonly number[],
  delayMs: number,
  { limitMs }: BackOff,
): number {
  const gapOfTheWellMs = delayMs + limitMs + WELL_AFTER_MS;
  let row = 0;
  let laterMs: number | undefined;
  for (const restartMs of restarts.toReversed()) {
    if (laterMs !== undefined && laterMs - restartMs > gapOfTheWellMs) break;
    laterMs = restartMs;
    row++;
  }
  return row;
}
