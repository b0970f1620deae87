/**
 * What must hold of nodes: who is heard is never called down, who is silent is in time, who comes
 * back counts at once or has to prove itself, and an agent is soon back with its manager.
 */
import {
  CLOSED_LIMIT_MS,
  SILENCE_LIMIT_MS,
} from "../../../manager/dispatcher/core/liveness-limits.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeStatus } from "../../../shared/model/node.js";
import type { Note } from "./checks.js";
import { type Facts, type NodeFacts, STRETCH_WHEN_LATE, TICK_MS } from "./facts.js";

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
const LONGEST_WAIT_MS = 60_000;
const SILENT = "heartbeat failure";
const GONE = "the agent has no session";
const NO_ENGINE = "the engine has not answered";
/** The end of a stream within that time of the last word is the host's own. */
const LIVELY_MS = 1_000;
const LIVELY_DOUBT_MS = 150;

export class NodeChecks {
  readonly #facts: Facts;
  readonly #note: Note;
  /** When each node was lost under the present leader. */
  readonly #lossesMs = new Map<NodeId, number[]>();
  #leaderSinceMs = -1;
  /** When many were silent last. */
  #massMs = Number.NEGATIVE_INFINITY;

  constructor(facts: Facts, note: Note) {
    this.#facts = facts;
    this.#note = note;
  }

  tick(node: NodeFacts): void {
    this.#downInTime(node);
    this.#backInTime(node);
  }

  changed(node: NodeFacts, before: NodeStatus, after: NodeStatus): void {
    const { leaderSinceMs, nowMs } = this.#facts.cluster;
    const { nodeId } = node.worker;
    if (leaderSinceMs !== this.#leaderSinceMs) this.#lossesMs.clear();
    this.#leaderSinceMs = leaderSinceMs;
    if (after.state === "down") {
      if (after.message === SILENT) this.#wentDown(node, SILENCE_LIMIT_MS, after.message);
      if (after.message === GONE) this.#wentDown(node, CLOSED_LIMIT_MS, after.message);
      const lostEngine = after.message.startsWith(NO_ENGINE) && before.state !== "down";
      if ([SILENT, GONE].includes(after.message) || lostEngine) {
        this.#lossesMs.set(nodeId, [...(this.#lossesMs.get(nodeId) ?? []), nowMs]);
      }
    }
    if (before.state !== "down" || after.state === "down") return;
    if (node.heardMs < leaderSinceMs) this.#note(`${node.worker.name} is back, and was not heard`);
    if (after.state === "ready") this.#cameBack(node);
  }

  #wentDown(node: NodeFacts, limitMs: number, message: string): void {
    const { nowMs, leaderSinceMs, isolatedSinceMs = nowMs } = this.#facts.cluster;
    const { name } = node.worker;
    const heardMs = this.#facts.heardMs(node, DECIDED_MS);
    const silentMs = nowMs - Math.max(heardMs, leaderSinceMs);
    // What was decided before the disk was slow may be written after the node has come back.
    const delayed = this.#facts.heldUpMs(limitMs) > 0;
    if (silentMs < limitMs && !delayed) {
      this.#note(`${name} is down after ${silentMs} ms: ${message}`);
    }
    const endedMs = nowMs - (node.endedMs ?? nowMs);
    if (limitMs < CLOSED_LIMIT_MS && isLivelyEnd(node) && endedMs < CLOSED_LIMIT_MS) {
      this.#note(`${name} ended its session, and is down ${endedMs} ms later: ${message}`);
    }
    const windowMs = limitMs + this.#facts.heldUpMs(2 * limitMs) + BACK_WITHIN_MS;
    const impairedMs = this.#facts.impairedMs(node, windowMs);
    if (impairedMs < EXPLAINS_DOWN_MS) {
      this.#note(`${name} is down (${message}), with faults for ${impairedMs} ms only`);
    }
    const isolatedMs = nowMs - isolatedSinceMs;
    const patienceMs = SILENCE_LIMIT_MS + LONGEST_DOUBT_MS - LIVELY_MS;
    if (isolatedMs > 0 && isolatedMs < patienceMs && heardMs > isolatedSinceMs - LIVELY_MS) {
      this.#note(`${name} is down ${isolatedMs} ms into an isolation`);
    }
  }

  #cameBack({ worker: { name, nodeId }, helloMs, engineSinceMs }: NodeFacts): void {
    const { nowMs } = this.#facts.cluster;
    const remembered = (this.#lossesMs.get(nodeId) ?? []).filter(
      (atMs) => atMs > nowMs - LOSS_MEMORY_MS,
    );
    const losses = remembered.length;
    const waitMs = losses < 2 ? 0 : Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** (losses - 2));
    const stayedMs = nowMs - Math.max(helloMs, engineSinceMs);
    if (stayedMs + TICK_MS < waitMs && this.#facts.heldUpMs(2 * waitMs) === 0) {
      this.#note(
        `${name} is ready ${stayedMs} ms after its return, having been lost ${losses} times`,
      );
    }
  }

  #downInTime(node: NodeFacts): void {
    const { cluster, awakeMs, leaderAwakeMs } = this.#facts;
    const { name, nodeId } = node.worker;
    const { state } = cluster.view.node(nodeId)!.status;
    const doubtMs = this.#doubtMs();
    if (state === "down" || cluster.leader === undefined) return;
    const silentMs = awakeMs - Math.max(node.heardAwakeMs, leaderAwakeMs);
    const ended = endedAfterMs(node) < LIVELY_MS + LIVELY_DOUBT_MS;
    const unknown = state === "unknown" || state === "disconnected";
    const limitMs = ended || unknown ? CLOSED_LIMIT_MS : SILENCE_LIMIT_MS;
    const countedMs = ended ? awakeMs - Math.max(node.endedAwakeMs, leaderAwakeMs) : silentMs;
    if (countedMs > limitMs + doubtMs + SLACK_MS + 2 * TICK_MS) {
      this.#note(`${name} is ${state} after ${countedMs} ms of silence`);
    }
  }

  #backInTime({ worker, unhinderedSinceMs }: NodeFacts): void {
    const { cluster, leaderSoundSinceMs } = this.#facts;
    const { leader, nowMs, leaderSinceMs } = cluster;
    if (leader === undefined || unhinderedSinceMs === undefined) return;
    if (leaderSoundSinceMs === undefined) return;
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
    const { cluster, nodes, awakeMs } = this.#facts;
    if (cluster.workers.length < FEWEST_DOUBTED) return 0;
    const silent = [...nodes.values()].filter((each) => awakeMs - each.heardAwakeMs > LIVELY_MS);
    if (silent.length * 4 > cluster.workers.length) this.#massMs = cluster.nowMs;
    return cluster.nowMs - this.#massMs < LONGEST_DOUBT_MS ? LONGEST_DOUBT_MS : 0;
  }
}

/** How long after its last word the node's stream ended, if it did. */
function endedAfterMs({ endedMs, heardMs }: NodeFacts): number {
  return endedMs === undefined ? Number.POSITIVE_INFINITY : endedMs - heardMs;
}

/** Surely the host's own doing. */
function isLivelyEnd(node: NodeFacts): boolean {
  return endedAfterMs(node) < LIVELY_MS - LIVELY_DOUBT_MS;
}
