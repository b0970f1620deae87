/**
 * DESIGN 5, points 4, 10 and 11: an agent hears of its own tasks and their templates, and of nothing
 * else; and what it stops, it was told to stop by one who knew, or it fell ill, or the host leaves.
 * Nothing is started that nobody wants yet, and nothing twice.
 */
import type { AssignmentSet } from "../../../shared/model/assignment.js";
import { compareFences, LOWEST_FENCE } from "../../../shared/model/fence.js";
import type { TaskId } from "../../../shared/model/ids.js";
import { type DesiredState, isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { ManagerMessage } from "../../../shared/rpc/dispatcher-messages.js";
import type { SimWorker } from "../cluster/sim-worker.js";
import type { Act } from "../simulated-engine.js";
import type { Check, Ground } from "./ground.js";

/** What one agent has been told, by managers that knew as much as those before them. */
class Told {
  readonly wanted = new Map<TaskId, DesiredState>();
  /** Orders hold for ever: a task that was to stop is never wanted again. */
  readonly toStop = new Set<TaskId>();
  isToLeave = false;
  hasHeardAll = false;
}

export class OrderCheck implements Check {
  readonly points = "4, 10, 11";
  readonly #ground: Ground;
  readonly #told = new Map<SimWorker, Told>();
  readonly #started = new Set<TaskId>();

  constructor(ground: Ground) {
    this.#ground = ground;
    const { cluster } = ground;
    for (const worker of cluster.workers) {
      this.#told.set(worker, new Told());
      worker.engine.onAct = (act) => this.#acts(worker, act);
      worker.engine.onStarted = (taskId) => this.#starts(worker, taskId);
    }
    cluster.network.onWord = (name, word) => {
      const worker = cluster.workers.find((each) => each.name === name);
      if (worker !== undefined) this.#hears(worker, word);
    };
  }

  #hears(worker: SimWorker, word: ManagerMessage): void {
    const told = this.#told.get(worker)!;
    const known = worker.disk.assignments?.fence ?? LOWEST_FENCE;
    if (word.kind === "removed" && compareFences(word.fence, known) >= 0) told.isToLeave = true;
    if (word.kind !== "assignments") return;
    this.#isItsBusiness(worker, word.set);
    if (compareFences(word.set.fence, known) < 0) return;
    this.#learns(worker, told, word.set);
  }

  #learns(worker: SimWorker, told: Told, set: AssignmentSet): void {
    if (set.kind === "complete") {
      const listed = new Set(set.tasks.map(({ id }) => id));
      for (const taskId of [...told.wanted.keys(), ...worker.engine.present()]) {
        if (!listed.has(taskId)) told.toStop.add(taskId);
      }
      told.hasHeardAll = true;
    }
    for (const { id, desired } of set.tasks) {
      told.wanted.set(id, desired);
      if (!isWanted(desired)) told.toStop.add(id);
    }
    for (const taskId of set.removed) told.toStop.add(taskId);
  }

  #isItsBusiness({ name, nodeId }: SimWorker, { tasks, templates }: AssignmentSet): void {
    const foreign = tasks.find((task) => task.nodeId !== nodeId);
    if (foreign !== undefined) {
      const detail = `${name} is told of ${foreign.id}, which is on ${foreign.nodeId ?? "none"}`;
      this.#ground.violated("a worker hears of its own tasks", detail);
    }
    for (const { serviceId, revision } of templates) {
      const uses = tasks.some((task) => task.serviceId === serviceId && task.revision === revision);
      if (uses) continue;
      const detail = `${name} is told of revision ${revision} of ${serviceId}, and has no task of it`;
      this.#ground.violated("a worker hears of its own tasks' templates", detail);
    }
  }

  #acts(worker: SimWorker, { kind, taskId }: Act): void {
    if (kind === "prepare" || kind === "start") return;
    const told = this.#told.get(worker)!;
    if (told.isToLeave || told.toStop.has(taskId)) return;
    const truth = worker.engine.truth(taskId);
    const isIll = "health" in truth && truth.health === "unhealthy";
    const task = this.#ground.tasks.get(taskId)?.task;
    const hasEnded = task !== undefined && isTerminal(task.status.state);
    if (isIll || hasEnded || truth.kind === "absent") return;
    // What nobody ever told it of was an engine's leftover.
    if (told.hasHeardAll && !told.wanted.has(taskId)) return;
    this.#ground.violated("a task is stopped on orders only", `${worker.name}: ${kind} ${taskId}`);
  }

  #starts(worker: SimWorker, taskId: TaskId): void {
    const told = this.#told.get(worker)!;
    if (this.#started.has(taskId)) {
      this.#ground.violated("a task is started once", `${worker.name} starts ${taskId} again`);
    }
    this.#started.add(taskId);
    const wanted = told.wanted.get(taskId);
    if (wanted !== undefined && wanted !== "ready") return;
    const detail = `${worker.name} starts ${taskId}, which is ${wanted ?? "not its own"}`;
    this.#ground.violated("nothing starts before it is to run", detail);
  }
}
