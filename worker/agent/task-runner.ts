/**
 * Takes one task through its life, one transition at a time: look, decide (`core/task-machine`),
 * act, look again. Level-triggered: an assignment or an engine's event only wakes it. An engine
 * that is away is waited for, because nothing is known of a task then; only what the engine
 * refuses makes a task fail.
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { TaskStatus } from "../../shared/model/task.js";
import { isWanted } from "../../shared/model/task-state.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { TaskObservation } from "../engine/core/observation.js";
import type { Engine, StopOptions, TaskRun } from "../engine/engine.js";
import { EngineUnavailableError, TaskRefusedError } from "../engine/engine-errors.js";
import type { Assignment } from "./core/diff-assignments.js";
import {
  nextStep,
  refusal,
  type StatusChange,
  type Step,
  type Wanted,
} from "./core/task-machine.js";

/** First wait after an engine did not answer, doubled up to the limit. */
const RETRY_FIRST_MS = 100;
const RETRY_LIMIT_MS = 5_000;
/** Docker's own default where the spec says nothing. */
const DEFAULT_GRACE_MS = 10_000;
const NANOSECONDS_PER_MS = 1e6;

/** What a runner needs of its agent. */
export interface RunnerPorts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What was last reported of the task. */
  readonly status: () => TaskStatus;
  readonly report: (status: TaskStatus) => void;
  /** `hold` until the first complete assignment since the agent began. */
  readonly launches: () => "allow" | "hold";
}

export class TaskRunner {
  readonly taskId: TaskId;
  readonly #ports: RunnerPorts;
  /** Absent for a task of which only a container is left. */
  #assignment: Assignment | undefined;
  #wanted: Wanted;
  #stopWithinMs: number | undefined;
  #observed: TaskObservation | undefined;
  /** Counts the engine's hints: an observation made before the last of them is not trusted. */
  #hints = 0;
  #hintsSeen = 0;
  /**
   * Counts whatever calls for a decision: one that was made before the last of them is made again.
   */
  #calls = 0;
  #wake: () => void = () => undefined;
  #preparing: AbortController | undefined;
  #failures = 0;

  /** @param observed what is known to be there; undefined where it must be looked at first. */
  constructor(
    taskId: TaskId,
    ports: RunnerPorts,
    known: {
      readonly assignment: Assignment | undefined;
      readonly observed: TaskObservation | undefined;
    },
  ) {
    this.taskId = taskId;
    this.#ports = ports;
    this.#assignment = known.assignment;
    this.#wanted = known.assignment?.task.desired ?? "gone";
    this.#observed = known.observed;
  }

  /** @param withinMs where it is to stop: it runs elsewhere by now, and has no longer than this */
  assign(assignment: Assignment, withinMs?: number): void {
    this.#assignment = assignment;
    if (!isWanted(assignment.task.desired)) this.#stopWithinMs = withinMs;
    this.#want(assignment.task.desired);
  }

  /** The task is no longer this node's: it is stopped and what is left of it removed. */
  unassign(withinMs?: number): void {
    this.#stopWithinMs = withinMs;
    this.#want("gone");
  }

  /** The engine says that something may have changed. */
  look(): void {
    this.#hints++;
    this.reconsider();
  }

  /** Something that the machine asks about changed, such as whether it may launch. */
  reconsider(): void {
    this.#calls++;
    this.#wake();
  }

  /**
   * Until nothing is left of the task and nobody wants it, or `signal` aborts:
   * then all stays as it is.
   */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const calls = this.#calls;
      try {
        signal.throwIfAborted();
        const step = await this.#decide(signal);
        if (step.kind === "forget") return;
        if (step.kind === "wait") await this.#untilCalled(calls, signal);
        else await this.#take(step, signal);
        this.#failures = 0;
      } catch (cause) {
        if (signal.aborted) return;
        this.#observed = undefined;
        if (cause instanceof PreemptedError) continue;
        await this.#untilCalled(this.#calls, signal, this.#delayAfter(cause));
      }
    }
  }

  async #decide(signal: AbortSignal): Promise<Step> {
    if (this.#hints !== this.#hintsSeen) this.#observed = undefined;
    this.#hintsSeen = this.#hints;
    this.#observed ??= await this.#ports.engine.observe(this.taskId, signal);
    const { state, container } = this.#ports.status();
    return nextStep({
      wanted: this.#wanted,
      reported: state,
      isReportedUnhealthy: container?.isUnhealthy === true,
      observed: this.#observed,
      launches: this.#ports.launches(),
    });
  }

  async #take(
    step: Exclude<Step, { kind: "wait" | "forget" }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine } = this.#ports;
    switch (step.kind) {
      case "report":
        this.#report(step.change);
        return;
      case "prepare":
        await this.#launch(() => this.#prepare(signal));
        return;
      case "start":
        await this.#launch(() => engine.start(this.taskId, signal));
        return;
      case "stop":
        this.#observed = await engine.stop(this.taskId, this.#stopOptions(), signal);
        return;
      case "remove":
        await engine.remove(this.taskId, signal);
        this.#observed = undefined;
        return;
    }
  }

  /** What the engine refuses here ends the task; what it cannot say does not. */
  async #launch(act: () => Promise<TaskObservation>): Promise<void> {
    try {
      this.#observed = await act();
    } catch (cause) {
      if (!(cause instanceof ClusterError) || cause instanceof EngineUnavailableError) throw cause;
      const before = this.#observed ?? { kind: "absent" };
      this.#report(refusal(this.#ports.status().state, before, cause.message));
    }
  }

  /** Ends early when the task is no longer wanted: an image may take minutes to come. */
  async #prepare(signal: AbortSignal): Promise<TaskObservation> {
    const preparing = new AbortController();
    const abandon = (): void => {
      preparing.abort(signal.reason);
    };
    signal.addEventListener("abort", abandon, { once: true });
    this.#preparing = preparing;
    try {
      return await this.#ports.engine.prepare(this.#taskRun(), preparing.signal);
    } finally {
      this.#preparing = undefined;
      signal.removeEventListener("abort", abandon);
    }
  }

  #want(wanted: Wanted): void {
    this.#wanted = wanted;
    if (wanted === "gone" || !isWanted(wanted)) {
      this.#preparing?.abort(new PreemptedError());
    }
    this.reconsider();
  }

  #report(change: StatusChange): void {
    const { clock, logger, report } = this.#ports;
    const { taskId } = this;
    if (change.error === undefined) logger.debug({ taskId, state: change.state }, "task moved on");
    else logger.warn({ taskId, state: change.state, error: change.error }, "task failed");
    report({ ...change, atMs: clock.wallMs() });
  }

  /** How long to leave the engine alone after `cause`; it may call earlier. */
  #delayAfter(cause: unknown): number {
    // Anything else is a bug of ours, and must not be tried for ever in silence.
    if (!(cause instanceof ClusterError)) throw cause;
    const { logger, random } = this.#ports;
    const limitMs = Math.min(RETRY_LIMIT_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
    const delayMs = Math.ceil(limitMs / 2) + random.below(Math.ceil(limitMs / 2));
    const fields = { taskId: this.taskId, reason: cause.message, delayMs };
    // An engine that is away is told of once, by the agent, not by each of its tasks.
    if (cause instanceof EngineUnavailableError) logger.debug(fields, "engine away, trying again");
    else logger.warn(fields, "engine failed, trying again");
    return delayMs;
  }

  /** Until something calls for a decision after `calls`, the time is over, or `signal` aborts. */
  #untilCalled(calls: number, signal: AbortSignal, delayMs?: number): Promise<void> {
    if (this.#calls !== calls || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        timer?.cancel();
        signal.removeEventListener("abort", wake);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = delayMs === undefined ? undefined : this.#ports.clock.after(delayMs, wake);
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }

  #taskRun(): TaskRun {
    const { taskId } = this;
    // Nothing is prepared for a task that is not assigned: the machine sees to it.
    const { task, template } = this.#assignment as Assignment;
    const { addresses, generics, serviceId, slot, revision } = task;
    const networkIds = addresses?.map(({ networkId }) => networkId);
    if (template === undefined) {
      throw new TaskRefusedError(`no manager knows revision ${revision} of service ${serviceId}`);
    }
    const hostPorts = template.hostPorts ?? [];
    return {
      ...{ taskId, serviceId, slot, template, hostPorts },
      ...(networkIds && { networkIds }),
      ...(generics && { generics }),
    };
  }

  #stopOptions(): StopOptions {
    return stopOptionsOf(this.#assignment, this.#stopWithinMs);
  }
}

/** What was being done for the task is no longer wanted. */
class PreemptedError extends Error {}

/**
 * As the task's spec has them, or Docker's defaults where nothing is known of it.
 * @param withinMs for a task that runs elsewhere by now; one whose spec asks for more time than
 *   Docker gives by default needs it, and has it.
 */
export function stopOptionsOf(assignment: Assignment | undefined, withinMs?: number): StopOptions {
  const { StopSignal, StopGracePeriod } = assignment?.template?.template.ContainerSpec ?? {};
  const askedMs =
    StopGracePeriod === undefined ? DEFAULT_GRACE_MS : StopGracePeriod / NANOSECONDS_PER_MS;
  const graceMs =
    withinMs !== undefined && askedMs <= DEFAULT_GRACE_MS ? Math.min(askedMs, withinMs) : askedMs;
  return StopSignal === undefined || StopSignal === ""
    ? { graceMs }
    : { graceMs, stopSignal: StopSignal };
}
