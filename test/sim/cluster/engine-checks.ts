/**
 * What must hold where an engine is away: its node is soon given nothing new, its tasks are
 * replaced after a while and not before, and it counts again as soon as its engine answers.
 */
import { ENGINE_LIMIT_MS } from "../../../manager/dispatcher/core/liveness-limits.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeStatus } from "../../../shared/model/node.js";
import type { Note } from "./checks.js";
import { type Facts, type NodeFacts, STRETCH_WHEN_LATE, TICK_MS } from "./facts.js";

const LOST = "the engine has not answered";
/** An engine that hangs shows when it has not answered the next ping. */
const SHOWS_MS = 5_500;
const SLACK_MS = 400;
/** From an engine's return until its agent notices, and the managers know. */
const NOTICES_MS = 1_000;
/** Through the network, from the agent's noticing to what is told of it. */
const TRIPS = 4;

export class EngineChecks {
  readonly #facts: Facts;
  readonly #note: Note;
  /** When something new was said of each node. */
  readonly #saidMs = new Map<NodeId, number>();

  constructor(facts: Facts, note: Note) {
    this.#facts = facts;
    this.#note = note;
  }

  changed(node: NodeFacts, { state, message }: NodeStatus): void {
    const { engineSinceMs, engineState, worker } = node;
    const { nowMs } = this.#facts.cluster;
    this.#saidMs.set(worker.nodeId, nowMs);
    if (state !== "down" || !message.startsWith(LOST)) return;
    const sinceMs = nowMs - engineSinceMs;
    // What was decided before its return was known comes after it.
    const heldUpMs = this.#facts.heldUpMs(ENGINE_LIMIT_MS);
    const unknownMs = heldUpMs + this.#facts.impairedMs(node, ENGINE_LIMIT_MS) + NOTICES_MS;
    if (engineState === "there" && sinceMs < unknownMs) return;
    const awayMs = engineState === "away" ? sinceMs : 0;
    if (awayMs + TICK_MS < ENGINE_LIMIT_MS) {
      this.#note(`${worker.name} is down, its engine was away for ${awayMs} ms`);
    }
  }

  tick(node: NodeFacts): void {
    const forMs = this.#evidentForMs(node);
    if (forMs === undefined) return;
    const { cluster } = this.#facts;
    const { name, nodeId } = node.worker;
    const { state, message } = cluster.view.node(nodeId)!.status;
    const shownMs = SHOWS_MS + SLACK_MS + TRIPS * cluster.slownessMs;
    if (forMs < shownMs) return;
    if (node.engineState === "there") {
      if (message.includes("the engine")) this.#note(`${name}'s engine is back: ${message}`);
    } else if (state === "ready") {
      this.#note(`${name} is ready, and its engine is away`);
    } else if (forMs > shownMs + ENGINE_LIMIT_MS && state !== "down") {
      this.#note(`${name} is ${state}, and its engine is away for long`);
    }
  }

  /** How long everybody could know, who should, how it is with the engine. */
  #evidentForMs(node: NodeFacts): number | undefined {
    const { cluster, leaderSoundSinceMs } = this.#facts;
    const { engineSinceMs, unhinderedSinceMs, worker } = node;
    if (cluster.leader === undefined || worker.state.kind !== "connected") return undefined;
    if (leaderSoundSinceMs === undefined || unhinderedSinceMs === undefined) return undefined;
    const sinceMs = Math.max(
      engineSinceMs,
      leaderSoundSinceMs,
      unhinderedSinceMs,
      worker.stateSinceMs,
      this.#saidMs.get(worker.nodeId) ?? 0,
      cluster.leaderSinceMs,
    );
    return (cluster.nowMs - sinceMs) / (cluster.isLate ? STRETCH_WHEN_LATE : 1);
  }
}
