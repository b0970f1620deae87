/**
 * Whether a service has become what its user asked for: all its tasks run, and went on running for
 * as long as the service's updates are watched. Pure; one call for each look at the cluster.
 */
import type { Service, UpdateStatus } from "../../../../shared/docker-api/service-spec.js";
import type { Task } from "../../../../shared/docker-api/task.js";
import { countTasks, type Observation } from "./count-tasks.js";
import { reasonText, type Row } from "./rows.js";

const DEFAULT_MONITOR_MS = 5000;
const NS_PER_MS = 1e6;
const MS_PER_S = 1000;

/** What was asked for; a rollback that was is a success, one that was not is a failure. */
export type Wish = "forward" | "rollback" | "rebalance";

/** What is remembered from one look to the next. */
export interface Convergence {
  readonly wish: Wish;
  /** The update status from before: it does not speak of what was asked for now. */
  readonly staleStatus: UpdateStatus | undefined;
  /** Since when all tasks run; undefined while they do not. */
  readonly completeSinceMs: number | undefined;
  /** Whether they did before and then failed. */
  readonly failedOnce: boolean;
}

export type Verdict =
  | { readonly kind: "waiting"; readonly untilMs: number | undefined }
  | { readonly kind: "converged" }
  | { readonly kind: "failed"; readonly reason: string };

export interface Look {
  readonly rows: readonly Row[];
  readonly verdict: Verdict;
  readonly next: Convergence;
}

export function startConvergence(wish: Wish, before: Service | undefined): Convergence {
  return {
    wish,
    staleStatus: before?.UpdateStatus,
    completeSinceMs: undefined,
    failedOnce: false,
  };
}

export function look(observation: Observation, before: Convergence, nowMs: number): Look {
  const { service } = observation;
  const status = freshStatus(service, before);
  const state = status?.State;
  const { rows, complete, lost } = countTasks(
    observation,
    state?.startsWith("rollback") === true ? "back" : "forward",
  );
  if (before.wish === "rebalance") return lookAtRebalance(service, rows, before);
  const told = [...updateRows(status), ...rows];
  const message = status?.Message ?? "";
  if (state === "paused") return failed(`service update paused: ${message}`, told, before);
  if (state === "rollback_paused")
    return failed(`service rollback paused: ${message}`, told, before);
  // Docker's engine says so only once it has watched long enough itself; then the
  // rest is not of this update.
  if (state === "completed" && !complete && before.completeSinceMs === undefined) {
    return { rows: told, verdict: { kind: "converged" }, next: before };
  }
  if (lost !== undefined) return failed(lossWords(service, lost), told, before);
  if (!complete) return incomplete(told, before);
  if (service.JobStatus !== undefined) return jobComplete(told, before);
  return stable(service, { rows: told, status, before, nowMs });
}

/** The cluster says itself when it is over: no task was down for it, so there is nothing to verify. */
function lookAtRebalance(service: Service, rows: readonly Row[], next: Convergence): Look {
  const { State: state, Moved: moved = 0, Message: message } = service.RebalanceStatus ?? {};
  if (state === "rebalancing") {
    const text = moved === 1 ? "1 task moved" : `${moved} tasks moved`;
    const told = [...rows, { id: "rebalance", text }];
    return { rows: told, verdict: { kind: "waiting", untilMs: undefined }, next };
  }
  const text = message ?? "the service has changed meanwhile";
  return { rows: [...rows, { id: "rebalance", text }], verdict: { kind: "converged" }, next };
}

function freshStatus(service: Service, before: Convergence): UpdateStatus | undefined {
  const { UpdateStatus: status } = service;
  return JSON.stringify(status) === JSON.stringify(before.staleStatus) ? undefined : status;
}

/** Why the update goes back, when it does. */
function updateRows(status: UpdateStatus | undefined): Row[] {
  const message = status?.Message ?? "";
  if (status?.State?.startsWith("rollback_") !== true || message === "") return [];
  return [{ id: "rollback", text: message }];
}

function incomplete(rows: readonly Row[], before: Convergence): Look {
  const failedOnce = before.failedOnce || before.completeSinceMs !== undefined;
  return {
    rows: failedOnce ? [...rows, { id: "verify", text: "Detected task failure" }] : rows,
    verdict: { kind: "waiting", untilMs: undefined },
    next: { ...before, failedOnce, completeSinceMs: undefined },
  };
}

/** In Docker's progress display such a job is waited for, for ever. */
function lossWords({ Spec: { Name: name = "" } }: Service, task: Task): string {
  const { ID: id, NodeID: node = "", Slot: slot, Status: status } = task;
  const place = slot === undefined ? node : String(slot);
  const why = status.Err === undefined || status.Err === "" ? "" : `: ${reasonText(status.Err)}`;
  return `job task ${name}.${place} (${id}) ${status.State}${why}; no other task follows it`;
}

/** A job that is done stays done: there is nothing to watch. */
function jobComplete(rows: readonly Row[], before: Convergence): Look {
  return {
    rows: [...rows, { id: "verify", text: "job complete" }],
    verdict: { kind: "converged" },
    next: before,
  };
}

interface Standing {
  readonly rows: readonly Row[];
  readonly status: UpdateStatus | undefined;
  readonly before: Convergence;
  readonly nowMs: number;
}

function stable(service: Service, { rows, status, before, nowMs }: Standing): Look {
  const since = before.completeSinceMs ?? nowMs;
  const next = { ...before, completeSinceMs: since };
  const monitorMs = monitorOf(service);
  const leftMs = since + monitorMs - nowMs;
  if (leftMs > 0) {
    const verify = { id: "verify", text: countdown(leftMs), once: countdown(monitorMs) };
    // The next whole second, at which the text changes.
    const untilMs = nowMs + (leftMs % MS_PER_S === 0 ? MS_PER_S : leftMs % MS_PER_S);
    return { rows: [...rows, verify], verdict: { kind: "waiting", untilMs }, next };
  }
  if (status?.State === "rollback_completed" && before.wish === "forward") {
    return failed(`service rolled back: ${status.Message ?? "the update failed"}`, rows, next);
  }
  const name = service.Spec.Name ?? service.ID;
  return {
    rows: [...rows, { id: "verify", text: `Service ${name} converged` }],
    verdict: { kind: "converged" },
    next,
  };
}

function countdown(leftMs: number): string {
  const seconds = Math.ceil(leftMs / MS_PER_S);
  return `Waiting ${seconds} second${seconds === 1 ? "" : "s"} to verify that tasks are stable...`;
}

function monitorOf({ Spec: spec }: Service): number {
  const monitorNs = spec.UpdateConfig?.Monitor ?? 0;
  return monitorNs === 0 ? DEFAULT_MONITOR_MS : monitorNs / NS_PER_MS;
}

function failed(reason: string, rows: readonly Row[], next: Convergence): Look {
  return { rows, verdict: { kind: "failed", reason }, next };
}
