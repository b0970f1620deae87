/**
 * What the checks of a whole cluster stand on: the committed state, what really runs on the hosts,
 * since when each host could be asked by whoever leads, and what tasks there ever were.
 */
import { isDeepStrictEqual } from "node:util";

import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { StoreView } from "../../../manager/store/core/view.js";
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import { nodeAvailability } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { QUICK_MS } from "../cluster/consensus.js";
import type { SimCluster } from "../cluster/sim-cluster.js";
import type { SimWorker } from "../cluster/sim-worker.js";

/** How often the checks look at what no event tells of. */
export const TICK_MS = 100;

export interface Violation {
  readonly property: string;
  readonly detail: string;
}

/** What is known of a task, also once the store has forgotten it. */
export interface KnownTask {
  /** As it was last. */
  task: Task;
  /** When it was committed. */
  readonly createdMs: number;
  /** When the cluster stopped wanting it; undefined while it does. */
  unwantedMs: number | undefined;
  /** When its end was committed. */
  endedMs: number | undefined;
  forgotten: boolean;
  /** When the store forgot it. */
  forgottenMs: number | undefined;
}

export class Ground {
  readonly cluster: SimCluster;
  readonly tasks = new Map<TaskId, KnownTask>();
  readonly violations: Violation[] = [];
  readonly #tell: (line: string) => void;
  readonly #nodeChangedMs = new Map<NodeId, number>();
  readonly #soundSinceMs = new Map<NodeId, number>();
  #leaderSoundSinceMs: number | undefined;

  constructor(cluster: SimCluster, tell: (line: string) => void) {
    this.cluster = cluster;
    this.#tell = tell;
  }

  get view(): StoreView {
    return this.cluster.view;
  }

  get nowMs(): number {
    return this.cluster.nowMs;
  }

  get workers(): readonly SimWorker[] {
    return this.cluster.workers;
  }

  violated(property: string, detail: string): void {
    this.say(`VIOLATED: ${property}: ${detail}`);
    this.violations.push({ property, detail });
  }

  say(line: string): void {
    this.#tell(`${(this.nowMs / 1_000).toFixed(3)}s ${line}`);
  }

  see(event: StoreEvent): void {
    const { nowMs } = this;
    if (event.type === "node") {
      const node = event.after ?? event.before;
      if (node !== undefined) this.#nodeChangedMs.set(node.id, nowMs);
      return;
    }
    if (event.type !== "task") return;
    const task = event.after ?? event.before;
    if (task === undefined) return;
    let known = this.tasks.get(task.id);
    if (known === undefined) {
      const none = { unwantedMs: undefined, endedMs: undefined, forgottenMs: undefined };
      this.tasks.set(task.id, (known = { task, createdMs: nowMs, forgotten: false, ...none }));
    }
    known.task = task;
    known.forgotten = event.after === undefined;
    if (known.forgotten) known.forgottenMs ??= nowMs;
    if (known.forgotten || !isWanted(task.desired)) known.unwantedMs ??= nowMs;
    if (known.forgotten || isTerminal(task.status.state)) known.endedMs ??= nowMs;
  }

  /**
   * Whether the task is what its service says now. Placement chooses its node and makes no other
   * container of it: where it alone is another, its constraints have to fit the node that it is on.
   */
  isCurrent(task: Task, service = this.view.service(task.serviceId)): boolean {
    if (service === undefined) return false;
    const [there, here] = [task.revision, service.revision].map((number) =>
      this.view.revision(service.id, number),
    );
    if (there?.hash === here?.hash) return true;
    if (!isDeepStrictEqual(withoutPlacement(there), withoutPlacement(here))) return false;
    const node = task.nodeId === undefined ? undefined : this.view.node(task.nodeId);
    const constraints = parseConstraints(here?.template.Placement?.Constraints ?? []);
    return node !== undefined && matchesNode(constraints, node);
  }

  tick(): void {
    const { cluster, nowMs } = this;
    const { leader, consensus } = cluster;
    const leads = leader?.process?.state === "awake" && consensus.isQuick && cluster.lagMs === 0;
    if (leads) this.#leaderSoundSinceMs ??= nowMs;
    else this.#leaderSoundSinceMs = undefined;
    for (const worker of cluster.workers) {
      if (leads && this.#isSound(worker)) {
        if (!this.#soundSinceMs.has(worker.nodeId)) this.#soundSinceMs.set(worker.nodeId, nowMs);
      } else this.#soundSinceMs.delete(worker.nodeId);
    }
  }

  /** For how long the same manager has led without trouble of its own. */
  get leaderSoundForMs(): number {
    if (this.#leaderSoundSinceMs === undefined) return 0;
    return this.nowMs - Math.max(this.#leaderSoundSinceMs, this.cluster.leaderSinceMs);
  }

  /** For how long the leader has heard the host, and its engine has done as it was told. */
  soundForMs(nodeId: NodeId): number {
    const sinceMs = this.#soundSinceMs.get(nodeId);
    return sinceMs === undefined ? 0 : Math.min(this.nowMs - sinceMs, this.leaderSoundForMs);
  }

  /** How long the store has said the same of the node. */
  nodeUnchangedForMs(nodeId: NodeId): number {
    return this.nowMs - (this.#nodeChangedMs.get(nodeId) ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether the host can be asked to stop what it runs, as far as the store tells. */
  isInReach(nodeId: NodeId | undefined): boolean {
    const node = nodeId === undefined ? undefined : this.view.node(nodeId);
    return node !== undefined && node.status.state !== "down";
  }

  worker(nodeId: NodeId | undefined): SimWorker | undefined {
    return this.cluster.workers.find((worker) => worker.nodeId === nodeId);
  }

  /** Its container's process is there. */
  runs(task: Task): boolean {
    return this.worker(task.nodeId)?.engine.truth(task.id).kind === "running";
  }

  #isSound(worker: SimWorker): boolean {
    const { leader, network } = this.cluster;
    const { engine, disk, process, state } = worker;
    const node = this.view.node(worker.nodeId);
    return (
      process?.state === "awake" &&
      engine.presence === "there" &&
      engine.faults.lostAnswersPerMille === 0 &&
      disk.writeMs <= QUICK_MS &&
      leader !== undefined &&
      state.kind === "connected" &&
      state.address === leader.host &&
      network.isOpen(worker.name, leader.host) &&
      node?.status.state === "ready"
    );
  }

  /** Not paused, not drained. */
  isOpen(nodeId: NodeId): boolean {
    const node = this.view.node(nodeId);
    return node?.status.state === "ready" && nodeAvailability(node) === "active";
  }
}

/** One of the checks: it sees every command, and looks every so often. */
export interface Check {
  /** Of DESIGN, section 5. */
  readonly points: string;
  /** What a command did, once the store shows it. */
  committed?(events: readonly StoreEvent[]): void;
  tick?(): void;
}

export function placeOf({ serviceId, slot, nodeId }: Task): string {
  return slot === 0 ? `${serviceId}@${nodeId ?? "?"}` : `${serviceId}.${slot}`;
}

/** Of the tasks at each place, the one that was made last. */
export function newestByPlace(ground: Ground, tasks: readonly Task[]): Map<string, Task> {
  const madeMs = ({ id }: Task): number => ground.tasks.get(id)?.createdMs ?? 0;
  const newest = new Map<string, Task>();
  for (const task of tasks) {
    const other = newest.get(placeOf(task));
    if (other === undefined || madeMs(task) > madeMs(other)) newest.set(placeOf(task), task);
  }
  return newest;
}

/** What containers of the revision are made from. */
function withoutPlacement(revision: Revision | undefined): unknown {
  if (revision === undefined) return undefined;
  const { template, hostPorts = [], mesh } = revision;
  const { Placement: _, ...rest } = template;
  return { template: rest, hostPorts, mesh };
}
