/**
 * One runner per task, for all tasks of the node: begun when the task is first heard of
 * or found, gone when nothing is left of it. Holds new launches back until the managers
 * have said what should run.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { TaskStatus } from "../../shared/model/task.js";
import { ABSENT } from "../engine/core/observation.js";
import type { Assignment } from "./core/diff-assignments.js";
import type { StatusBook } from "./status-book.js";
import { type RunnerPorts, TaskRunner } from "./task-runner.js";

interface Running {
  readonly runner: TaskRunner;
  readonly stop: AbortController;
}

export type SharedPorts = Pick<RunnerPorts, "engine" | "clock" | "random" | "logger">;

/** Of a container that no task is known for. */
const NOTHING_REPORTED: TaskStatus = { state: "new", atMs: 0, message: "" };

export class RunnerSet {
  readonly #ports: SharedPorts;
  readonly #book: StatusBook;
  readonly #running = new Map<TaskId, Running>();
  readonly #ended = new Set<Promise<void>>();
  /**
   * What the engine last showed, undefined before it did; a task that is not here needs no look
   * before it is prepared.
   */
  #present: ReadonlySet<TaskId> | undefined;
  #launches: "allow" | "hold" = "hold";
  #fail: (cause: unknown) => void = () => undefined;
  readonly #failed: Promise<never>;

  constructor(ports: SharedPorts, book: StatusBook) {
    this.#ports = ports;
    this.#book = book;
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => undefined); // heard of by `run`
  }

  /**
   * Until `signal` aborts: then every runner ends and leaves its task as it is.
   * @throws what a runner threw.
   */
  async run(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      await Promise.race([aborted, this.#failed]);
    } finally {
      for (const { stop } of this.#running.values()) stop.abort(signal.reason);
      await Promise.all(this.#ended);
    }
  }

  /** What of this node's tasks the engine has now. All of them are looked at again. */
  found(present: readonly TaskId[]): void {
    this.#present = new Set(present);
    for (const { runner } of this.#running.values()) runner.look();
    this.#clearStrays();
  }

  /** @param withinMs where it is to stop: it runs elsewhere by now, and has no longer than this */
  assign(assignment: Assignment, withinMs?: number): void {
    const taskId = assignment.task.id;
    const running = this.#running.get(taskId) ?? this.#begin(taskId, assignment);
    running.runner.assign(assignment, withinMs);
  }

  /** @param withinMs as in `assign` */
  unassign(taskId: TaskId, withinMs?: number): void {
    this.#running.get(taskId)?.runner.unassign(withinMs);
  }

  /**
   * A complete assignment has come: new tasks may begin, and what it does not name is cleared away.
   */
  release(): void {
    this.#launches = "allow";
    for (const { runner } of this.#running.values()) runner.reconsider();
    this.#clearStrays();
  }

  look(taskId: TaskId): void {
    this.#running.get(taskId)?.runner.look();
  }

  #clearStrays(): void {
    if (this.#launches === "hold") return;
    for (const taskId of this.#present ?? []) {
      if (!this.#running.has(taskId)) this.#begin(taskId, undefined);
    }
  }

  #begin(taskId: TaskId, assignment: Assignment | undefined): Running {
    const { engine, clock, random, logger } = this.#ports;
    const runner = new TaskRunner(
      taskId,
      {
        engine,
        clock,
        random,
        logger,
        status: () => this.#book.current(taskId) ?? NOTHING_REPORTED,
        report: (status) => {
          this.#book.report(taskId, status);
        },
        launches: () => this.#launches,
      },
      { assignment, observed: this.#present?.has(taskId) === false ? ABSENT : undefined },
    );
    const stop = new AbortController();
    const running = { runner, stop };
    this.#running.set(taskId, running);
    const ended = this.#follow(runner, stop.signal);
    this.#ended.add(ended);
    void ended.finally(() => this.#ended.delete(ended));
    return running;
  }

  async #follow(runner: TaskRunner, signal: AbortSignal): Promise<void> {
    try {
      await runner.run(signal);
      if (signal.aborted) return;
      this.#running.delete(runner.taskId);
      this.#book.forget(runner.taskId);
    } catch (cause) {
      this.#fail(cause);
    }
  }
}
