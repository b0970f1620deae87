/**
 * Managers and workers in simulated time, between them a network that can be slow, cut and lose
 * connections. What decides is the real code; what happens follows from the seed alone.
 */
import type { Change } from "../../../manager/store/core/change.js";
import type { StoreView } from "../../../manager/store/core/view.js";
import type { Transaction } from "../../../manager/store/store-access.js";
import type { NodeId } from "../../../shared/model/ids.js";
import { silentLogger } from "../../../shared/ports/logger.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { type Random, seededRandom } from "../../../shared/ports/random.js";
import type { AgentMessage } from "../../../shared/rpc/dispatcher-messages.js";
import { sampleCluster, sampleNode } from "../../samples/objects.js";
import type { PowerCut } from "../simulated-disk.js";
import { AtOnce } from "./at-once.js";
import type { Item } from "./connection.js";
import type { Consensus, ConsensusGround } from "./consensus.js";
import { Network } from "./network.js";
import { SimManager, type SimManagerOptions } from "./sim-manager.js";
import { SimWorker } from "./sim-worker.js";

export interface SimClusterOptions {
  readonly seed: string;
  readonly managers: number;
  readonly workers: number;
  /** So many of the workers are on the managers' own hosts. */
  readonly ownWorkers: number;
  /** Whether the worker is there from the beginning; all are where nothing is said. */
  readonly joins?: (place: number) => "at once" | "later";
  /** Real consensus, or one log for all of them; the latter where nothing is said. */
  readonly consensus?: (ground: ConsensusGround) => Consensus;
}

/** Enough for all agents to be there, and for all tasks to run. */
const START_MS = 5_000;
/** What was late goes on showing for as long as a silence may last. */
const LATE_AFTER_MS = 5_000;

export class SimCluster {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly network: Network;
  readonly consensus: Consensus;
  readonly managers: readonly SimManager[];
  readonly workers: readonly SimWorker[];
  /** Longest delay of a message in the network. */
  slownessMs = 2;
  /** Since when the leader is cut off from all workers. */
  isolatedSinceMs: number | undefined;
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
    for (const worker of cluster.workers) worker.start();
    await cluster.clock.advance(START_MS);
    return cluster;
  }

  private constructor(options: SimClusterOptions) {
    const { clock } = this;
    this.random = seededRandom(options.seed);
    this.network = new Network(clock, this.random.fork("network"));
    const names = Array.from({ length: options.managers }, (_, i) => `m${i + 1}`);
    const base = { network: this.network, managers: names, clock, logger: silentLogger };
    const onFailed = (error: unknown): void => void this.failures.push(error);
    const own = this.random.fork("consensus");
    const ground: ConsensusGround = { names, clock, network: this.network, random: own, onFailed };
    this.consensus = options.consensus?.(ground) ?? new AtOnce(ground);
    this.managers = names.map((name) => {
      const random = this.random.fork(name);
      const onArrival: SimManagerOptions["onArrival"] = (nodeId, item) => {
        if (this.consensus.leader === name) this.onArrival(nodeId, item);
      };
      const seat = this.consensus.seat(name);
      return new SimManager({ ...base, name, seat, random, onFailed, onArrival });
    });
    this.workers = Array.from({ length: options.workers }, (_, i) => {
      const name = i < options.ownWorkers ? `m${i + 1}` : `w${i + 1}`;
      const joins = options.joins?.(i) ?? "at once";
      return new SimWorker({ ...base, name, joins, random: this.random.fork(name), onFailed });
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

  get store(): Consensus["store"] {
    return this.consensus.store;
  }

  get view(): StoreView {
    return this.store.committed;
  }

  get leader(): SimManager | undefined {
    const { leader } = this.consensus;
    return leader === undefined ? undefined : this.managers.find(({ host }) => host === leader);
  }

  /** Since when it leads. */
  get leaderSinceMs(): number {
    return this.consensus.leaderSinceMs;
  }

  /** From a proposal to its commit. */
  get commitMs(): number {
    return this.consensus.commitMs;
  }

  set commitMs(commitMs: number) {
    this.consensus.beSlow(commitMs);
  }

  /** Another manager leads, at once, or nobody: then what was not committed is lost. */
  elect(place: number | "nobody"): void {
    this.consensus.elect(place === "nobody" ? undefined : this.managers[place]?.host);
  }

  killManager(place: number, cut?: PowerCut): void {
    this.managers[place]?.kill(cut);
  }

  async change(...changes: Change[]): Promise<void> {
    const committed = this.consensus.update((tx) => applyAll(tx, changes));
    await this.clock.advance(this.commitMs);
    await committed;
  }

  async #found(): Promise<void> {
    const present = this.workers.filter(({ hasJoined }) => hasJoined);
    const nodes = present.map(({ nodeId }) => newNode(nodeId));
    const changes: Change[] = [{ kind: "create-cluster", cluster: sampleCluster() }, ...nodes];
    const startManagers = (): void => this.managers.forEach((manager) => manager.start());
    await this.consensus.found(startManagers, (tx) => applyAll(tx, changes));
  }
}

/** As the issuer makes it. */
export function newNode(nodeId: NodeId): Change {
  const { description: _unsaid, ...node } = sampleNode({ id: nodeId, state: "unknown" });
  return { kind: "create-node", node };
}

function applyAll(tx: Transaction, changes: readonly Change[]): void {
  for (const change of changes) tx.apply(change);
}
