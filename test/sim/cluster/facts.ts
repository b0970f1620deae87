/**
 * What really is the case in a simulated cluster, seen from above: who could be heard, who was, how
 * long the leader paid attention. The checks compare what the managers say with it.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimWorker } from "./sim-worker.js";

export const TICK_MS = 50;
/** A commit that takes longer holds the leader up. */
const QUICK_COMMIT_MS = 100;
const QUICK_WRITE_MS = 100;
/** An agent tries every half second whether its engine is back. */
const UNNOTICED_MS = 700;
/** How much slower the leader's attention may pass beside a busy loop: looks that are late. */
export const STRETCH_WHEN_LATE = 2.5;
/** Impairments are remembered this long: longer than any limit that they could explain. */
const MEMORY_MS = 60_000;

export interface NodeFacts {
  readonly worker: SimWorker;
  /** When something of it last reached the present leader's host. */
  heardMs: number;
  /** The time before that. */
  heardBeforeMs: number;
  heardAwakeMs: number;
  /** When its hello last did, and was read. */
  helloMs: number;
  unreadHelloMs: number | undefined;
  /** Set where its stream's end reached the leader's host, and nothing since. */
  endedMs: number | undefined;
  endedAwakeMs: number;
  /** Since when host and link have had no fault; undefined while they have one. */
  soundSinceMs: number | undefined;
  /** The same, its disk included: without it an agent says that it is here, and no more. */
  unhinderedSinceMs: number | undefined;
  /** Since when its engine is there and answers, or is not. */
  engineSinceMs: number;
  engineState: "there" | "away";
  /** When it went away last. */
  engineAwayMs: number;
  /** Ticks at which it had one. */
  readonly impairedAtMs: number[];
}

export class Facts {
  readonly cluster: SimCluster;
  readonly nodes: ReadonlyMap<NodeId, NodeFacts>;
  /** Time in which the leader ran and its disk kept up, since the beginning. */
  awakeMs = 0;
  /** When this leader's clocks began. */
  leaderAwakeMs = 0;
  /** Since when the leader runs and its disk keeps up. */
  leaderSoundSinceMs: number | undefined;
  /** Ticks at which the leader was not. */
  readonly heldUpAtMs: number[] = [];
  #leaderSinceMs = -1;

  constructor(cluster: SimCluster) {
    this.cluster = cluster;
    this.nodes = new Map(cluster.workers.map((worker) => [worker.nodeId, nothingOf(worker)]));
    cluster.onArrival = (nodeId, item) => {
      const node = this.of(nodeId);
      if (item.kind === "end") {
        node.endedMs = cluster.nowMs;
        node.endedAwakeMs = this.awakeMs;
        return;
      }
      node.endedMs = undefined;
      node.heardBeforeMs = node.heardMs;
      node.heardMs = cluster.nowMs;
      node.heardAwakeMs = this.awakeMs;
      if (item.message.kind !== "hello") return;
      if (cluster.leader?.process?.state === "awake") node.helloMs = cluster.nowMs;
      else node.unreadHelloMs = cluster.nowMs;
    };
  }

  of(nodeId: NodeId): NodeFacts {
    const facts = this.nodes.get(nodeId);
    if (facts === undefined) throw new Error(`there is no node ${nodeId}`);
    return facts;
  }

  tick(): void {
    const { cluster } = this;
    const { nowMs, leader } = cluster;
    if (cluster.leaderSinceMs !== this.#leaderSinceMs) this.#newLeader();
    const sound = leader?.process?.state === "awake" && cluster.commitMs <= QUICK_COMMIT_MS;
    if (sound) {
      this.awakeMs += cluster.lagMs > 0 ? TICK_MS / STRETCH_WHEN_LATE : TICK_MS;
      this.leaderSoundSinceMs ??= nowMs;
    } else {
      this.leaderSoundSinceMs = undefined;
      note(this.heldUpAtMs, nowMs);
    }
    for (const node of this.nodes.values()) {
      if (leader?.process?.state === "awake") {
        node.helloMs = node.unreadHelloMs ?? node.helloMs;
        node.unreadHelloMs = undefined;
      }
      if (this.#isSound(node.worker)) {
        node.soundSinceMs ??= nowMs;
      } else {
        node.soundSinceMs = undefined;
        note(node.impairedAtMs, nowMs);
      }
      const engineState = node.worker.engine.presence === "there" ? "there" : "away";
      if (engineState !== node.engineState) {
        // A return that its agent cannot have noticed is none.
        const unnoticed = engineState === "away" && nowMs - node.engineSinceMs < UNNOTICED_MS;
        const sinceMs = unnoticed ? node.engineAwayMs : nowMs;
        if (engineState === "away") node.engineAwayMs = sinceMs;
        node.engineState = engineState;
        node.engineSinceMs = sinceMs;
      }
      if (node.soundSinceMs === undefined || node.worker.disk.writeMs > QUICK_WRITE_MS) {
        node.unhinderedSinceMs = undefined;
      } else {
        node.unhinderedSinceMs ??= nowMs;
      }
    }
  }

  /** When something of it was last heard by one who decided `agoMs` before now. */
  heardMs({ heardMs, heardBeforeMs }: NodeFacts, agoMs: number): number {
    return heardMs > this.cluster.nowMs - agoMs ? heardBeforeMs : heardMs;
  }

  /** For how long within the last `withinMs` the node had a fault. */
  impairedMs(node: NodeFacts, withinMs: number): number {
    return within(node.impairedAtMs, this.cluster.nowMs - withinMs);
  }

  heldUpMs(withinMs: number): number {
    return within(this.heldUpAtMs, this.cluster.nowMs - withinMs);
  }

  #newLeader(): void {
    this.#leaderSinceMs = this.cluster.leaderSinceMs;
    this.leaderAwakeMs = this.awakeMs;
    for (const node of this.nodes.values()) node.endedMs = undefined;
  }

  #isSound({ name, process }: SimWorker): boolean {
    const { leader, network } = this.cluster;
    if (process?.state !== "awake") return false;
    return leader === undefined || network.isOpen(name, leader.host);
  }
}

function nothingOf(worker: SimWorker): NodeFacts {
  return {
    worker,
    heardMs: -1,
    heardBeforeMs: -1,
    heardAwakeMs: 0,
    helloMs: -1,
    unreadHelloMs: undefined,
    endedMs: undefined,
    endedAwakeMs: 0,
    soundSinceMs: undefined,
    unhinderedSinceMs: undefined,
    engineSinceMs: 0,
    engineState: "there",
    engineAwayMs: 0,
    impairedAtMs: [],
  };
}

function note(ticks: number[], nowMs: number): void {
  ticks.push(nowMs);
  while ((ticks[0] ?? nowMs) < nowMs - MEMORY_MS) ticks.shift();
}

function within(ticks: readonly number[], fromMs: number): number {
  return ticks.filter((atMs) => atMs > fromMs).length * TICK_MS;
}
