/**
 * Managers and workers in simulated time, between them a network that can be slow, cut and lose
 * connections. What decides is the real code; what happens follows from the seed alone.
 */
import type { MemoryLog } from "../../../manager/raft/memory-log.js";
import type { Change } from "../../../manager/store/core/change.js";
import type { StoreView } from "../../../manager/store/core/view.js";
import { createMemoryStore } from "../../../manager/store/memory-store.js";
import type { Store } from "../../../manager/store/store.js";
import type { NodeId } from "../../../shared/model/ids.js";
import { silentLogger } from "../../../shared/ports/logger.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import type { AgentMessage } from "../../../shared/rpc/dispatcher-messages.js";
import { sampleCluster, sampleNode } from "../../samples/objects.js";
import type { Item } from "./connection.js";
import { Network } from "./network.js";
import { SimManager, type SimManagerOptions } from "./sim-manager.js";
import { SimWorker } from "./sim-worker.js";

export interface SimClusterOptions {
  readonly seed: string;
  readonly managers: number;
  readonly workers: number;
  /** So many of the workers are on the managers' own hosts. */
  readonly ownWorkers: number;
}

/** Enough for all agents to be there, and for all tasks to run. */
const START_MS = 5_000;
/** What was late goes on showing for as long as a silence may last. */
const LATE_AFTER_MS = 5_000;
/** While the leader is stopped, or its disk slow, nothing is committed; afterwards it is soon. */
const LOOK_AGAIN_MS = 10;

export class SimCluster {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly network: Network;
  readonly store: Store;
  readonly log: MemoryLog;
  readonly managers: readonly SimManager[];
  readonly workers: readonly SimWorker[];
  /** Longest delay of a message in the network. */
  slownessMs = 2;
  /** From a proposal to its commit. */
  commitMs = 2;
  leader: SimManager | undefined;
  /** Since when the leader is cut off from all workers. */
  isolatedSinceMs: number | undefined;
  /** Since when it leads. */
  leaderSinceMs = 0;
  /** Timers of all processes fire up to that much late. */
  lagMs = 0;
  #lateUntilMs = 0;
  /** What parts of the real code threw that should never throw. */
  readonly failures: unknown[] = [];
  /** Called for what reaches the leader's host. */
  onArrival: (nodeId: NodeId, item: Item<AgentMessage>) => void = () => undefined;

  static async start(options: SimClusterOptions): Promise<SimCluster> {
    const cluster = new SimCluster(options);
    await cluster.#found();
    for (const manager of cluster.managers) manager.start();
    cluster.elect(0);
    for (const worker of cluster.workers) worker.start();
    await cluster.clock.advance(START_MS);
    return cluster;
  }

  private constructor(options: SimClusterOptions) {
    const { clock } = this;
    this.random = seededRandom(options.seed);
    this.network = new Network(clock, this.random.fork("network"));
    const schedule = (commit: () => void): void => this.#commitSoon(commit);
    const { store, log } = createMemoryStore({ clock, schedule });
    [this.store, this.log] = [store, log];
    const names = Array.from({ length: options.managers }, (_, i) => `m${i + 1}`);
    const base = { network: this.network, managers: names, clock, logger: silentLogger };
    const onFailed = (error: unknown): void => void this.failures.push(error);
    this.managers = names.map((name) => {
      const random = this.random.fork(name);
      const onArrival: SimManagerOptions["onArrival"] = (nodeId, item) => {
        if (this.leader?.host === name) this.onArrival(nodeId, item);
      };
      const leads = (host: string): boolean => this.leader?.host === host;
      return new SimManager({ ...base, name, store, random, onFailed, onArrival, leads });
    });
    this.workers = Array.from({ length: options.workers }, (_, i) => {
      const name = i < options.ownWorkers ? `m${i + 1}` : `w${i + 1}`;
      return new SimWorker({ ...base, name, random: this.random.fork(name), onFailed });
    });
  }

  /** Whether timers are late by chance, as beside a busy loop, or were lately. */
  get isLate(): boolean {
    return this.nowMs < this.#lateUntilMs;
  }

  /** 0: on time again. */
  beLate(lagMs: number): void {
    this.lagMs = lagMs;
    this.#lateUntilMs = lagMs > 0 ? Number.POSITIVE_INFINITY : this.nowMs + LATE_AFTER_MS;
    for (const each of [...this.managers, ...this.workers]) each.beLate(lagMs);
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  get view(): StoreView {
    return this.store.committed;
  }

  /** Another manager leads, at once, or nobody: then what was not committed is lost. */
  elect(place: number | "nobody"): void {
    const former = this.leader;
    this.leader = undefined;
    this.log.stepDown();
    const { leadership } = this.log;
    former?.process?.enter(() => former.leadershipChanged(leadership));
    if (place === "nobody") return;
    this.log.lead();
    const next = this.managers[place];
    if (next?.process === undefined) throw new Error("only a manager that runs can lead");
    this.leader = next;
    this.leaderSinceMs = this.nowMs;
    const leading = this.log.leadership;
    next.process.enter(() => next.leadershipChanged(leading));
  }

  killManager(place: number): void {
    const manager = this.managers[place];
    if (this.leader === manager) {
      this.leader = undefined;
      this.log.stepDown();
    }
    manager?.kill();
  }

  async change(...changes: Change[]): Promise<void> {
    const committed = this.store.update((tx) => {
      for (const change of changes) tx.apply(change);
    });
    await this.clock.advance(this.commitMs);
    await committed;
  }

  async #found(): Promise<void> {
    const nodes = this.workers.map(({ name }): Change => {
      const { description: _unsaid, ...node } = sampleNode({ id: name, state: "unknown" });
      return { kind: "create-node", node };
    });
    await this.change({ kind: "create-cluster", cluster: sampleCluster() }, ...nodes);
  }

  #commitSoon(commit: () => void): void {
    const proposedMs = this.nowMs;
    const attempt = (afterMs: number): void => {
      this.clock.after(afterMs, () => {
        const stopped = this.leader?.process?.state === "stopped";
        if (stopped || this.nowMs - proposedMs < this.commitMs) attempt(LOOK_AGAIN_MS);
        else commit();
      });
    };
    attempt(Math.min(this.commitMs, LOOK_AGAIN_MS));
  }
}
