/**
 * What must hold of a simulated cluster at every moment, whatever happens to it. A check that fails
 * notes when and what; the test shows them with the seed.
 */
import {
  CLOSED_LIMIT_MS,
  SILENCE_LIMIT_MS,
} from "../../../manager/dispatcher/core/node-liveness.js";
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { Node, NodeStatus } from "../../../shared/model/node.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted, observedRank } from "../../../shared/model/task-state.js";
import type { Act } from "../simulated-engine.js";
import { Facts, type NodeFacts, STRETCH_WHEN_LATE, TICK_MS } from "./facts.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimWorker } from "./sim-worker.js";

/** A fault has to last that long, within the silence limit, to make a node down. */
const EXPLAINS_DOWN_MS = 1_500;
/** From the return of a manager or of the link to it until the agent has its session. */
const BACK_WITHIN_MS = 1_000;
/** Delays of the network, of a commit and of what is late beside a busy loop. */
const SLACK_MS = 400;
/** Through the network, to learn that a manager does not lead: knock, connect, say hello, hear. */
const TRIPS_TO_ASK = 6;
/** From a decision until it is committed: what comes in between comes too late. */
const DECIDED_MS = 10;
/** An agent whose manager is cut off notices by its silence, and only then turns to the next. */
const NOTICES_MS = 1_500;
const LONGEST_DOUBT_MS = 5_000;
const FEWEST_DOUBTED = 6;
/** A loss is remembered for five minutes; here for a little less, as clocks may differ. */
const LOSS_MEMORY_MS = 280_000;
const SILENT = "heartbeat failure";
const GONE = "the agent has no session";
/** The end of a stream within that time of the last word is the host's own. */
const LIVELY_MS = 1_000;
const LIVELY_DOUBT_MS = 150;

export class Checks {
  readonly facts: Facts;
  readonly violations: string[] = [];
  /** How often each node was lost under the present leader (ms). */
  readonly #losses = new Map<string, number[]>();
  #leaderSinceMs = -1;
  #ended = false;
  /** When many were silent last. */
  #massMs = Number.NEGATIVE_INFINITY;
  readonly #cluster: SimCluster;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    this.facts = new Facts(cluster);
    cluster.store.watch(({ events }) => {
      for (const event of events) this.#see(event);
    });
    for (const worker of cluster.workers) {
      worker.engine.onAct = (act) => this.#acts(worker, act);
    }
    this.#tick();
  }

  end(): void {
    this.#ended = true;
    for (const { name, disk } of this.#cluster.workers) {
      for (const fall of disk.fallen) this.#note(`${name}: its fence fell from ${fall}`);
    }
    for (const failure of this.#cluster.failures) this.#note(`threw ${String(failure)}`);
  }

  #tick(): void {
    if (this.#ended) return;
    this.facts.tick();
    for (const facts of this.facts.nodes.values()) {
      this.#downInTime(facts);
      this.#backInTime(facts);
    }
    this.#cluster.clock.after(TICK_MS, () => this.#tick());
  }

  #see(event: StoreEvent): void {
    if (event.type === "node" && event.before !== undefined && event.after !== undefined) {
      this.#nodeChanged(event.before, event.after);
    }
    if (event.type === "task" && event.before !== undefined && event.after !== undefined) {
      this.#taskChanged(event.before, event.after);
    }
  }

  #nodeChanged({ id, status: before }: Node, { status: after }: Node): void {
    if (before.state === after.state && before.message === after.message) return;
    if (this.#cluster.leaderSinceMs !== this.#leaderSinceMs) {
      this.#leaderSinceMs = this.#cluster.leaderSinceMs;
      this.#losses.clear();
    }
    const facts = this.facts.of(id);
    this.#journal.push(
      `${at(this.#cluster)} ${id} ${after.state}${after.message === "" ? "" : `: ${after.message}`}`,
    );
    if (after.state === "down") this.#wentDown(id, after, facts);
    if (before.state === "down" && after.state === "ready") this.#cameBack(id, facts);
  }

  readonly #journal: string[] = [];

  /** How the nodes' states changed. */
  get journal(): readonly string[] {
    return this.#journal;
  }

  #wentDown(id: string, { message }: NodeStatus, facts: NodeFacts): void {
    const { nowMs, leaderSinceMs } = this.#cluster;
    if (message !== SILENT && message !== GONE) return;
    const heardMs = this.facts.heardMs(facts, DECIDED_MS);
    const silentMs = nowMs - Math.max(heardMs, leaderSinceMs);
    const limitMs = message === SILENT ? SILENCE_LIMIT_MS : CLOSED_LIMIT_MS;
    // What was decided before the disk was slow may be written after the node has come back.
    const delayed = this.facts.heldUpMs(limitMs) > 0;
    if (silentMs < limitMs && !delayed)
      this.#note(`${id} is down after ${silentMs} ms: ${message}`);
    const windowMs = limitMs + this.facts.heldUpMs(2 * limitMs) + BACK_WITHIN_MS;
    const impairedMs = this.facts.impairedMs(facts, windowMs);
    if (impairedMs < EXPLAINS_DOWN_MS) {
      this.#note(`${id} is down (${message}), with faults for ${impairedMs} ms only`);
    }
    const { isolatedSinceMs = nowMs } = this.#cluster;
    const isolatedMs = nowMs - isolatedSinceMs;
    if (isolatedMs > 0 && heardMs > isolatedSinceMs - LIVELY_MS) {
      const patienceMs = SILENCE_LIMIT_MS + LONGEST_DOUBT_MS - LIVELY_MS;
      if (isolatedMs < patienceMs) this.#note(`${id} is down ${isolatedMs} ms into an isolation`);
    }
    this.#losses.set(id, [...(this.#losses.get(id) ?? []), nowMs]);
  }

  #cameBack(id: string, { helloMs, unreadHelloMs }: NodeFacts): void {
    const { nowMs, leaderSinceMs } = this.#cluster;
    if ((unreadHelloMs ?? helloMs) < leaderSinceMs)
      this.#note(`${id} is ready and has not been heard`);
    const losses = (this.#losses.get(id) ?? []).filter((ms) => ms > nowMs - LOSS_MEMORY_MS).length;
    const waitMs = losses < 2 ? 0 : Math.min(60_000, 1_000 * 2 ** (losses - 2));
    const stayedMs = nowMs - helloMs;
    if (stayedMs < waitMs && this.facts.heldUpMs(2 * waitMs) === 0) {
      this.#note(
        `${id} is ready ${stayedMs} ms after its return, having been lost ${losses} times`,
      );
    }
  }

  #taskChanged(before: Task, after: Task): void {
    if (observedRank(after.status.state) < observedRank(before.status.state)) {
      this.#note(`task ${after.id} went from ${before.status.state} to ${after.status.state}`);
    }
    if (!isWanted(before.desired) || isWanted(after.desired)) return;
    if (isTerminal(before.status.state) || before.nodeId === undefined) return;
    const node = this.#cluster.view.node(before.nodeId);
    if (node?.status.state === "down") return;
    this.#note(`task ${after.id} is replaced, and its node ${before.nodeId} is not down`);
  }

  #acts(worker: SimWorker, { kind, taskId }: Act): void {
    const task = this.#cluster.view.task(taskId);
    if (kind === "prepare" || kind === "start" || task === undefined) return;
    if (!isWanted(task.desired) || isTerminal(task.status.state)) return;
    this.#note(`${worker.name}: ${kind} of task ${taskId}, which should run`);
  }

  #downInTime(facts: NodeFacts): void {
    const { cluster, awakeMs, leaderAwakeMs } = this.facts;
    const { state } = cluster.view.node(facts.worker.nodeId)!.status;
    if (state === "down" || cluster.leader === undefined) return;
    const silentMs = awakeMs - Math.max(facts.heardAwakeMs, leaderAwakeMs);
    const patienceMs = this.#doubtMs() + SLACK_MS + 2 * TICK_MS;
    const endedAfterMs = (facts.endedMs ?? 0) - facts.heardMs;
    const ended = facts.endedMs !== undefined && endedAfterMs < LIVELY_MS + LIVELY_DOUBT_MS;
    const unknown = state === "unknown" || state === "disconnected";
    const limitMs = ended || unknown ? CLOSED_LIMIT_MS : SILENCE_LIMIT_MS;
    const countedMs = ended ? awakeMs - Math.max(facts.endedAwakeMs, leaderAwakeMs) : silentMs;
    if (countedMs > limitMs + patienceMs) {
      this.#note(`${facts.worker.name} is ${state} after ${countedMs} ms of silence`);
    }
  }

  #backInTime({ worker, unhinderedSinceMs }: NodeFacts): void {
    const { cluster, leaderSoundSinceMs } = this.facts;
    const { leader, nowMs, leaderSinceMs } = cluster;
    if (leader === undefined || unhinderedSinceMs === undefined || leaderSoundSinceMs === undefined)
      return;
    const { state } = worker;
    if (state.kind === "connected" && state.address === leader.host) return;
    const stretch = cluster.isLate ? STRETCH_WHEN_LATE : 1;
    const sinceMs = Math.max(
      unhinderedSinceMs,
      leaderSoundSinceMs,
      worker.stateSinceMs,
      leaderSinceMs + NOTICES_MS,
    );
    const slowMs = cluster.managers.length * TRIPS_TO_ASK * cluster.slownessMs;
    if (nowMs - sinceMs > (BACK_WITHIN_MS + SLACK_MS) * stretch + slowMs) {
      this.#note(`${worker.name} has been ${state.kind} for ${nowMs - sinceMs} ms, unhindered`);
    }
  }

  /** Where many are silent, the manager may doubt itself first. */
  #doubtMs(): number {
    const { cluster, awakeMs } = this.facts;
    if (cluster.workers.length < FEWEST_DOUBTED) return 0;
    const silent = [...this.facts.nodes.values()].filter(
      ({ heardAwakeMs }) => awakeMs - heardAwakeMs > LIVELY_MS,
    );
    if (silent.length * 4 > cluster.workers.length) this.#massMs = cluster.nowMs;
    return cluster.nowMs - this.#massMs < LONGEST_DOUBT_MS ? LONGEST_DOUBT_MS : 0;
  }

  /** Each violation once: a check that fails at every tick says so at the first. */
  #note(text: string): void {
    const key = text.replace(/\d+ ms/g, "");
    if (
      this.violations.some(
        (known) => known.slice(known.indexOf(" ") + 1).replace(/\d+ ms/g, "") === key,
      )
    )
      return;
    this.violations.push(`${at(this.#cluster)} ${text}`);
  }
}

function at({ nowMs }: SimCluster): string {
  return `${(nowMs / 1_000).toFixed(2)}s`;
}
