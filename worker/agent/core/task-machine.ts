/**
 * The life of one task on its host: given what is wanted, what was last reported and what the
 * engine shows, the one thing to do next. The runner carries it out, looks again and asks again,
 * so a task can be picked up at any point: after a crash, after the engine was away, after
 * someone stopped it by hand.
 *
 * Invariants: what is reported only goes forward and ends in one terminal state; a task is
 * stopped only on an order or for its own failing health; nothing starts before the
 * cluster wants it running.
 */
import { assertNever } from "../../../shared/errors/assert.js";
import type { ContainerStatus, PublishedPort } from "../../../shared/model/task.js";
import {
  type DesiredState,
  isTerminal,
  isWanted,
  observedRank,
  type ObservedState,
} from "../../../shared/model/task-state.js";
import type { TaskObservation } from "../../engine/core/observation.js";

/**
 * What the cluster wants of a task here; `gone`: it is no longer assigned,
 * nothing may be left of it.
 */
export type Wanted = DesiredState | "gone";

export interface TaskSituation {
  readonly wanted: Wanted;
  /** The state last reported. */
  readonly reported: ObservedState;
  /** It was reported that the container runs and is not healthy. */
  readonly isReportedUnhealthy: boolean;
  readonly observed: TaskObservation;
  /** `hold`: no complete assignment has come since the agent started, so nothing new may begin. */
  readonly launches: "allow" | "hold";
}

/** A change of what is reported; the runner adds the time. */
export interface StatusChange {
  readonly state: ObservedState;
  readonly message: string;
  readonly error?: string;
  readonly container?: ContainerStatus;
  readonly ports?: readonly PublishedPort[];
}

export type Step =
  | { readonly kind: "report"; readonly change: StatusChange }
  | { readonly kind: "prepare" }
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "remove" }
  /** Nothing is left of the task, and nobody asks for it. */
  | { readonly kind: "forget" }
  /** Until the assignment or the engine says something new. */
  | { readonly kind: "wait" };

const WAIT: Step = { kind: "wait" };

export function nextStep(situation: TaskSituation): Step {
  const { wanted, reported, observed } = situation;
  if (wanted === "gone") return clearAway(observed);
  if (isTerminal(reported)) {
    // A container that still runs after its task's end was reported belongs to nobody.
    return observed.kind === "running" ? { kind: "stop" } : WAIT;
  }
  return isWanted(wanted) ? stepTowardsRunning(situation) : stepTowardsShutdown(observed);
}

function clearAway(observed: TaskObservation): Step {
  switch (observed.kind) {
    case "running":
      return { kind: "stop" };
    case "created":
    case "exited":
      return { kind: "remove" };
    case "absent":
      return { kind: "forget" };
    default:
      return assertNever(observed);
  }
}

/** The exit code is kept, but whatever it is, the task did as it was told. */
function stepTowardsShutdown(observed: TaskObservation): Step {
  if (observed.kind === "running") return { kind: "stop" };
  return report({ state: "shutdown", message: "shutdown", ...containerOf(observed) });
}

function stepTowardsRunning(situation: TaskSituation): Step {
  const { observed } = situation;
  switch (observed.kind) {
    case "exited":
      return report(endOf(observed));
    case "running":
      return whileRunning(situation, observed);
    case "created":
      return whileCreated(situation);
    case "absent":
      return whileAbsent(situation);
    default:
      return assertNever(observed);
  }
}

function whileAbsent({ reported, launches }: TaskSituation): Step {
  if (observedRank(reported) < observedRank("accepted")) {
    return report({ state: "accepted", message: "accepted" });
  }
  // A container that had been made is gone: someone removed it, or the engine lost it.
  if (observedRank(reported) >= observedRank("ready")) {
    const error = "task: container was removed from outside the cluster";
    return report({ state: "failed", message: "container is gone", error });
  }
  if (launches === "hold") return WAIT;
  if (reported === "accepted") return report({ state: "preparing", message: "preparing" });
  return { kind: "prepare" };
}

function whileCreated({ reported, wanted, launches, observed }: TaskSituation): Step {
  if (observedRank(reported) < observedRank("ready")) {
    return report({ state: "ready", message: "prepared", ...containerOf(observed) });
  }
  if (wanted === "ready" || launches === "hold") return WAIT;
  if (reported === "ready") {
    return report({ state: "starting", message: "starting", ...containerOf(observed) });
  }
  if (reported === "starting") return { kind: "start" };
  // Reported running once, and back to created: the engine was set back behind our back.
  const error = "task: container was replaced from outside the cluster";
  return report({ state: "failed", message: "container is gone", error });
}

/**
 * Docker's order: a task with a health check counts as running only once it is healthy. One that no
 * longer is says so before it is stopped: that may take as long as its grace period, and nobody
 * shall be led to it meanwhile.
 */
function whileRunning(
  { reported, isReportedUnhealthy }: TaskSituation,
  observed: TaskObservation & { kind: "running" },
): Step {
  switch (observed.health) {
    case "unhealthy":
      if (reported !== "running" || isReportedUnhealthy) return { kind: "stop" };
      return report({ state: "running", message: "unhealthy", ...containerOf(observed) });
    case "starting":
      if (observedRank(reported) >= observedRank("starting")) return WAIT;
      return report({ state: "starting", message: "starting", ...containerOf(observed) });
    case "none":
    case "healthy":
      if (reported === "running" && !isReportedUnhealthy) return WAIT;
      return report({ state: "running", message: "started", ...containerOf(observed) });
    default:
      return assertNever(observed.health);
  }
}

/** The end of a task that nobody stopped, in Docker's words. */
function endOf(observed: TaskObservation & { kind: "exited" }): StatusChange {
  if (observed.health === "unhealthy") {
    const error = `${exitText(observed.exitCode)}: dockerexec: unhealthy container`;
    return { state: "failed", message: "unhealthy", error, ...containerOf(observed) };
  }
  if (observed.exitCode === 0) {
    return { state: "complete", message: "finished", ...containerOf(observed) };
  }
  const why = observed.reason === undefined ? "" : `: ${observed.reason}`;
  const error = `${exitText(observed.exitCode)}${why}`;
  return { state: "failed", message: "started", error, ...containerOf(observed) };
}

function exitText(exitCode: number): string {
  return `task: non-zero exit (${exitCode})`;
}

/**
 * What to report when the engine refused to `prepare` or `start`: rejected where the task never
 * began to start, failed after that.
 */
export function refusal(
  reported: ObservedState,
  observed: TaskObservation,
  error: string,
): StatusChange {
  const state = observedRank(reported) < observedRank("starting") ? "rejected" : "failed";
  return { state, message: reported, error, ...containerOf(observed) };
}

function containerOf(observed: TaskObservation): Pick<StatusChange, "container" | "ports"> {
  switch (observed.kind) {
    case "absent":
      return {};
    case "created":
      return { container: { containerId: observed.containerId, pid: 0 } };
    case "running": {
      const { containerId, pid } = observed;
      const running = { containerId, pid };
      const container =
        observed.health === "unhealthy" ? { ...running, isUnhealthy: true as const } : running;
      return observed.ports.length === 0 ? { container } : { container, ports: observed.ports };
    }
    case "exited":
      return {
        container: { containerId: observed.containerId, pid: 0, exitCode: observed.exitCode },
      };
    default:
      return assertNever(observed);
  }
}

function report(change: StatusChange): Step {
  return { kind: "report", change };
}
