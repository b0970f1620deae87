/**
 * Hosts that run what they are told, in simulated time: a stand-in for dispatcher, agent and
 * engine together. What a container does is said by its image: `crash` ends with exit code 1 after
 * a second, `once` ends well after a second, `missing` cannot be pulled, and every other image
 * runs until it is stopped. Where the service has a health check, a container of `warms-up-20s` passes
 * it from its 20th second on, one of `sick` never does, and every other from its first check on.
 */
import type { StoreAccess } from "../../manager/store/store-access.js";
import type { ContainerSpec, HealthConfig } from "../../shared/docker-api/container-spec.js";
import { ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { Task, TaskStatus } from "../../shared/model/task.js";
import { isTerminal, isWanted } from "../../shared/model/task-state.js";
import type { Clock, Timer } from "../../shared/ports/clock.js";
import { nextStep as stepOfAgent } from "../../worker/agent/core/task-machine.js";
import { CheckedContainer } from "./checked-container.js";

/** From assigned to ready, and from ready to running. */
const STEP_MS = 50;
/** How long `crash` and `once` run. */
const LIFE_MS = 1_000;
/** From the order to stop until nothing runs. */
const STOP_MS = 200;
/** The exit code of a container that was killed. */
const KILLED = 137;

export class Hosts {
  readonly #store: StoreAccess;
  readonly #clock: Clock;
  readonly #steps = new Map<TaskId, Timer>();
  /** Hosts that no manager can reach: what runs there runs on. */
  readonly #cut = new Set<NodeId>();
  /** Containers that run and have a health check. */
  readonly #checked = new Map<TaskId, CheckedContainer>();

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
    this.#checked.delete(taskId);
    await this.#report(taskId, ended(exitCode));
  }

  /** From now on its check fails, or passes again. */
  feel(taskId: TaskId, condition: CheckedContainer["condition"]): void {
    const container = this.#checked.get(taskId);
    if (container === undefined) throw new Error("the task has no container with a health check");
    container.condition = condition;
  }

  /** A report that got lost is sent again. */
  async #reportSurely(taskId: TaskId, report: Report): Promise<void> {
    try {
      await this.#report(taskId, report);
    } catch (error) {
      if (!(error instanceof ProposalDroppedError)) throw error;
      this.#considerAgain(taskId);
    }
  }

  #consider(task: Task): void {
    this.#forgetStep(task.id);
    if (task.nodeId === undefined || this.#cut.has(task.nodeId)) return;
    if (isTerminal(task.status.state)) this.#checked.delete(task.id);
    else if (task.status.state === "starting") this.#begin(task);
    const next = nextStep(task, this.#specOf(task), this.#checked.get(task.id));
    if (next === undefined) return;
    const timer = this.#clock.after(next.afterMs, () => {
      this.#steps.delete(task.id);
      if (next.kind === "report") void this.#reportSurely(task.id, next.report);
      else this.#kill(task.id);
    });
    this.#steps.set(task.id, timer);
  }

  #begin(task: Task): void {
    if (this.#checked.has(task.id)) return;
    const { Healthcheck = {}, Image = "" } = this.#specOf(task);
    const life = { nowMs: this.#clock.nowMs(), warmUpMs: warmUpMs(Image) };
    const container = new CheckedContainer(Healthcheck, life);
    this.#checked.set(task.id, container);
    this.#checkOnAndOn(task.id, container);
  }

  /** The engine goes on with it, whether its host can be reached or not. */
  #checkOnAndOn(taskId: TaskId, container: CheckedContainer): void {
    this.#clock.after(container.intervalMs, () => {
      if (this.#checked.get(taskId) !== container) return;
      const before = container.observed;
      container.check(this.#clock.nowMs());
      if (container.observed !== before) this.#considerAgain(taskId);
      this.#checkOnAndOn(taskId, container);
    });
  }

  #kill(taskId: TaskId): void {
    this.#checked.get(taskId)?.end(KILLED);
    this.#considerAgain(taskId);
  }

  #considerAgain(taskId: TaskId): void {
    const task = this.#store.committed.task(taskId);
    if (task !== undefined) this.#consider(task);
  }

  #forgetStep(taskId: TaskId): void {
    this.#steps.get(taskId)?.cancel();
    this.#steps.delete(taskId);
  }

  async #report(taskId: TaskId, report: Report): Promise<void> {
    await this.#store.update((tx) => {
      const task = tx.view.task(taskId);
      if (task === undefined || isTerminal(task.status.state)) return;
      tx.apply({ kind: "observe-task", taskId, status: { ...report, atMs: tx.atMs } });
    });
  }

  #specOf({ serviceId, revision }: Task): ContainerSpec {
    return this.#store.committed.revision(serviceId, revision)?.template.ContainerSpec ?? {};
  }
}

type Report = Omit<TaskStatus, "atMs">;

type NextStep = { readonly afterMs: number } & (
  | { readonly kind: "report"; readonly report: Report }
  /** Its health check says so. */
  | { readonly kind: "kill" }
);

function nextStep(
  { desired, status }: Task,
  { Image: image = "", Healthcheck }: ContainerSpec,
  container: CheckedContainer | undefined,
): NextStep | undefined {
  if (isTerminal(status.state)) return undefined;
  if (!isWanted(desired)) return report(STOP_MS, { state: "shutdown", message: "stopped" });
  if (container !== undefined) return whileChecked(status, container);
  switch (status.state) {
    case "assigned":
      return report(STEP_MS, prepared(image));
    case "ready":
      if (desired === "ready") return undefined;
      return report(STEP_MS, started(Healthcheck));
    case "running":
      if (image === "crash") return report(LIFE_MS, ended(1));
      if (image === "once") return report(LIFE_MS, ended(0));
      return undefined;
    default:
      return undefined;
  }
}

/** What the agent makes of it: nobody else decides when a container counts. */
function whileChecked(status: TaskStatus, { observed }: CheckedContainer) {
  const isReportedUnhealthy = status.container?.isUnhealthy === true;
  const step = stepOfAgent({
    wanted: "running",
    launches: "allow",
    reported: status.state,
    isReportedUnhealthy,
    observed,
  });
  if (step.kind === "report") return report(0, step.change);
  return step.kind === "stop" ? ({ afterMs: STOP_MS, kind: "kill" } as const) : undefined;
}

function report(afterMs: number, report: Report): NextStep {
  return { afterMs, kind: "report", report };
}

function prepared(image: string): Report {
  if (image !== "missing") return { state: "ready", message: "prepared" };
  return { state: "rejected", message: "preparing", error: "No such image: missing" };
}

function started(check: HealthConfig | undefined): Report {
  return check?.Test === undefined
    ? { state: "running", message: "started" }
    : { state: "starting", message: "starting" };
}

function warmUpMs(image: string): number {
  if (image === "sick") return Number.MAX_SAFE_INTEGER;
  const { seconds = "0" } = /^warms-up-(?<seconds>\d+)s$/.exec(image)?.groups ?? {};
  return Number(seconds) * 1_000;
}

function ended(exitCode: number): Report {
  if (exitCode === 0) return { state: "complete", message: "finished" };
  return {
    state: "failed",
    message: "started",
    error: `task: non-zero exit (${exitCode})`,
  };
}
