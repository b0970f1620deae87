/**
 * What must hold of tasks: none is stopped or replaced but for a reason, what is reported goes
 * forward, nothing new goes to a node that is not ready; and in peace, the engines run exactly what
 * the store says.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted, observedRank } from "../../../shared/model/task-state.js";
import type { Act } from "../simulated-engine.js";
import type { Note } from "./checks.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimWorker } from "./sim-worker.js";

/** From the scheduler's decision until it is committed. */
const PLACING_MS = 50;

export class TaskChecks {
  readonly #cluster: SimCluster;
  readonly #note: Note;
  readonly #nodeChangedMs = new Map<NodeId, number>();

  constructor(cluster: SimCluster, note: Note) {
    this.#cluster = cluster;
    this.#note = note;
    for (const worker of cluster.workers) {
      worker.engine.onAct = (act) => this.#acts(worker, act);
    }
  }

  nodeChanged(nodeId: NodeId): void {
    this.#nodeChangedMs.set(nodeId, this.#cluster.nowMs);
  }

  changed(before: Task, after: Task): void {
    if (observedRank(after.status.state) < observedRank(before.status.state)) {
      this.#note(`task ${after.id} went from ${before.status.state} to ${after.status.state}`);
    }
    if (before.nodeId === undefined && after.nodeId !== undefined) {
      this.#placed(after, after.nodeId);
    }
    if (isWanted(before.desired) && !isWanted(after.desired)) this.#dismissed(before);
  }

  atPeace(): void {
    const { view, workers } = this.#cluster;
    const running = [...view.tasksInState("running")].filter(({ desired }) => isWanted(desired));
    const wanted = view.services().reduce((sum, { frame }) => {
      return sum + (frame.Mode?.Replicated?.Replicas ?? 0);
    }, 0);
    if (running.length !== wanted) this.#note(`${running.length} tasks run of ${wanted}`);
    for (const worker of workers) {
      const there = worker.engine
        .present()
        .filter((id) => worker.engine.truth(id).kind === "running");
      const right = running.filter(({ nodeId }) => nodeId === worker.nodeId).map(({ id }) => id);
      const [extra, missing] = [difference(there, right), difference(right, there)];
      if (extra.length > 0) this.#note(`${worker.name} still runs ${extra.join()}`);
      if (missing.length > 0) this.#note(`${worker.name} does not run ${missing.join()}`);
    }
  }

  #dismissed(task: Task): void {
    if (isTerminal(task.status.state) || task.nodeId === undefined) return;
    if (this.#cluster.view.node(task.nodeId)?.status.state === "down") return;
    this.#note(`task ${task.id} is replaced, and its node ${task.nodeId} is not down`);
  }

  /** A placement that was on its way when the node's state changed may still come. */
  #placed(task: Task, nodeId: NodeId): void {
    const state = this.#cluster.view.node(nodeId)?.status.state ?? "gone";
    const sinceMs = this.#cluster.nowMs - (this.#nodeChangedMs.get(nodeId) ?? 0);
    if (state === "ready" || sinceMs < PLACING_MS + this.#cluster.commitMs) return;
    this.#note(`task ${task.id} is placed on ${nodeId}, which is ${state}`);
  }

  #acts(worker: SimWorker, { kind, taskId }: Act): void {
    const task = this.#cluster.view.task(taskId);
    if (kind === "prepare" || kind === "start" || task === undefined) return;
    if (!isWanted(task.desired) || isTerminal(task.status.state)) return;
    this.#note(`${worker.name}: ${kind} of task ${taskId}, which should run`);
  }
}

function difference<T>(a: readonly T[], b: readonly T[]): T[] {
  return a.filter((each) => !b.includes(each));
}
