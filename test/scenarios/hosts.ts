/**
 * Hosts that run what they are told, in simulated time: a stand-in for dispatcher, agent and
 * engine together. What a container does is said by its image: `crash` ends with exit code 1 after
 * a second, `once` ends well after a second, `missing` cannot be pulled, and every other image
 * runs until it is stopped.
 */
import type { StoreAccess } from "../../manager/store/store-access.js";
import { ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { Task, TaskStatus } from "../../shared/model/task.js";
import { isTerminal, isWanted, mayFollow } from "../../shared/model/task-state.js";
import type { Clock, Timer } from "../../shared/ports/clock.js";

/** From assigned to ready, and from ready to running. */
const STEP_MS = 50;
/** How long `crash` and `once` run. */
const LIFE_MS = 1_000;
/** From the order to stop until nothing runs. */
const STOP_MS = 200;

export class Hosts {
  readonly #store: StoreAccess;
  readonly #clock: Clock;
  readonly #steps = new Map<TaskId, Timer>();
  /** Hosts that no manager can reach: what runs there runs on. */
  readonly #cut = new Set<NodeId>();

  constructor(store: StoreAccess, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    store.watch(({ events }) => {
      for (const event of events) {
        if (event.type === "task" && event.after !== undefined) this.#consider(event.after);
      }
    });
  }

  cutOff(nodeId: NodeId): void {
    this.#cut.add(nodeId);
    for (const task of this.#store.committed.tasksOfNode(nodeId)) this.#forgetStep(task.id);
  }

  reconnect(nodeId: NodeId): void {
    this.#cut.delete(nodeId);
    for (const task of this.#store.committed.tasksOfNode(nodeId)) this.#consider(task);
  }

  isCutOff(nodeId: NodeId | undefined): boolean {
    return nodeId !== undefined && this.#cut.has(nodeId);
  }

  /** The container of a running task ends by itself. */
  async end(taskId: TaskId, exitCode: number): Promise<void> {
    this.#forgetStep(taskId);
    await this.#report(taskId, ended(exitCode));
  }

  /** A report that got lost is sent again. */
  async #reportSurely(taskId: TaskId, report: Report): Promise<void> {
    try {
      await this.#report(taskId, report);
    } catch (error) {
      if (!(error instanceof ProposalDroppedError)) throw error;
      const task = this.#store.committed.task(taskId);
      if (task !== undefined) this.#consider(task);
    }
  }

  #consider(task: Task): void {
    this.#forgetStep(task.id);
    if (task.nodeId === undefined || this.#cut.has(task.nodeId)) return;
    const next = nextStep(task, this.#imageOf(task));
    if (next === undefined) return;
    const timer = this.#clock.after(next.afterMs, () => {
      this.#steps.delete(task.id);
      void this.#reportSurely(task.id, next.report);
    });
    this.#steps.set(task.id, timer);
  }

  #forgetStep(taskId: TaskId): void {
    this.#steps.get(taskId)?.cancel();
    this.#steps.delete(taskId);
  }

  async #report(taskId: TaskId, report: Report): Promise<void> {
    await this.#store.update((tx) => {
      const task = tx.view.task(taskId);
      if (task === undefined || !mayFollow(report.state, task.status.state)) return;
      tx.apply({ kind: "observe-task", taskId, status: { ...report, atMs: tx.atMs } });
    });
  }

  #imageOf({ serviceId, revision }: Task): string {
    const template = this.#store.committed.revision(serviceId, revision)?.template;
    return template?.ContainerSpec?.Image ?? "";
  }
}

type Report = Omit<TaskStatus, "atMs">;

interface NextStep {
  readonly afterMs: number;
  readonly report: Report;
}

function nextStep({ desired, status }: Task, image: string): NextStep | undefined {
  if (isTerminal(status.state)) return undefined;
  if (!isWanted(desired)) {
    return { afterMs: STOP_MS, report: { state: "shutdown", message: "stopped" } };
  }
  switch (status.state) {
    case "assigned":
      return { afterMs: STEP_MS, report: prepared(image) };
    case "ready":
      if (desired === "ready") return undefined;
      return { afterMs: STEP_MS, report: { state: "running", message: "started" } };
    case "running":
      if (image === "crash") return { afterMs: LIFE_MS, report: ended(1) };
      if (image === "once") return { afterMs: LIFE_MS, report: ended(0) };
      return undefined;
    default:
      return undefined;
  }
}

function prepared(image: string): Report {
  if (image !== "missing") return { state: "ready", message: "prepared" };
  return { state: "rejected", message: "preparing", error: "No such image: missing" };
}

function ended(exitCode: number): Report {
  if (exitCode === 0) return { state: "complete", message: "finished" };
  return {
    state: "failed",
    message: "started",
    error: `task: non-zero exit (${exitCode})`,
  };
}
