/**
 * Which nodes are there. Fast (three seconds of silence) and slow to panic: time in which this
 * manager did not listen counts against nobody, a host that ended its stream gets longer, one that
 * flaps has to prove itself, and a mass silence makes the manager doubt itself first.
 *
 * It lives for one term: a new leader starts every clock afresh, and keeps `down` what was down.
 */
import type { EngineHealth } from "../../../shared/model/engine-health.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeState } from "../../../shared/model/node.js";
import { AttentiveClock } from "./attention.js";
import { DEFAULT_LIVENESS_LIMITS, type LivenessLimits } from "./liveness-limits.js";
import { type Liveliness, NodeLiveness, silenceLimitMs } from "./node-liveness.js";
import { type Hearing, SelfDoubt } from "./self-doubt.js";

/**
 * When a term begins, all agents turn to this manager at once; to greet a thousand of them may take
 * it ten seconds, and the last in the queue are not to blame.
 */
const GREETING_MS = 10;

export class Liveness {
  readonly #clock: AttentiveClock;
  readonly #doubt = new SelfDoubt();
  readonly #nodes = new Map<NodeId, NodeLiveness>();

  readonly #limits: () => LivenessLimits;

  /** @param limits asked anew at every look, so that the cluster's settings count at once */
  constructor(nowMs: number, limits: () => LivenessLimits = () => DEFAULT_LIVENESS_LIMITS) {
    this.#limits = limits;
    this.#clock = new AttentiveClock(nowMs);
  }

  /**
   * A node of the store that has not been heard yet in this term. A known one is left as it is.
   * @param was.periodMs at which it is thought to send heartbeats.
   * @param was.greetings nodes that are expected to come at the same time.
   */
  expect(
    nodeId: NodeId,
    was: { readonly state: NodeState; readonly periodMs: number; readonly greetings: number },
    nowMs: number,
  ): void {
    if (this.#nodes.has(nodeId)) return;
    const limitMs = Math.max(
      silenceLimitMs(was.periodMs, this.#limits()),
      was.greetings * GREETING_MS,
    );
    const expected = { state: was.state, limitMs };
    this.#nodes.set(nodeId, NodeLiveness.expected(expected, this.#clock.at(nowMs), this.#limits));
  }

  forget(nodeId: NodeId): void {
    this.#nodes.delete(nodeId);
  }

  /** A session began. @returns how the node counts from now on: `down` still, where it flaps. */
  registered(
    nodeId: NodeId,
    host: { readonly periodMs: number; readonly engine: EngineHealth },
    nowMs: number,
  ): Liveliness {
    let node = this.#nodes.get(nodeId);
    if (node === undefined) this.#nodes.set(nodeId, (node = NodeLiveness.unknown(this.#limits)));
    return node.registered(host, this.#clock.at(nowMs));
  }

  heard(nodeId: NodeId, nowMs: number): void {
    this.#nodes.get(nodeId)?.heard(this.#clock.at(nowMs));
  }

  /** A heartbeat was answered with the period that its agent is to keep to from now on. */
  told(nodeId: NodeId, periodMs: number): void {
    this.#nodes.get(nodeId)?.told(periodMs);
  }

  /** What its agent says of a node's engine; it shows at the next look. */
  engine(nodeId: NodeId, health: EngineHealth, nowMs: number): void {
    this.#nodes.get(nodeId)?.engine(health, this.#clock.at(nowMs));
  }

  /** The node's stream ended without our doing. */
  closed(nodeId: NodeId, nowMs: number): void {
    this.#nodes.get(nodeId)?.closed(this.#clock.at(nowMs));
  }

  /** The host said that it leaves for good. */
  left(nodeId: NodeId): void {
    this.#nodes.get(nodeId)?.left();
  }

  /**
   * To be called every `LOOK_PERIOD_MS`.
   * @returns the nodes that count otherwise than before.
   */
  look(nowMs: number, quorum: "fresh" | "stale"): readonly NodeId[] {
    const atMs = this.#clock.look(nowMs);
    const mood = this.#doubt.holds(this.#hearing(atMs, quorum), atMs) ? "doubting" : "sure";
    const changed: NodeId[] = [];
    for (const [nodeId, node] of this.#nodes) {
      if (node.look(atMs, mood) === "changed") changed.push(nodeId);
    }
    return changed;
  }

  /** Undefined: as the store has it. */
  of(nodeId: NodeId): Liveliness | undefined {
    return this.#nodes.get(nodeId)?.said;
  }

  /** Down, and not for its engine: a session that it may still have is of no use. */
  isLost(nodeId: NodeId): boolean {
    return this.#nodes.get(nodeId)?.isLost === true;
  }

  #hearing(atMs: number, quorum: "fresh" | "stale"): Hearing {
    const count = { fresh: 0, late: 0, silent: 0, due: 0, "not-expected": 0 };
    for (const node of this.#nodes.values()) count[node.hearing(atMs)]++;
    const { fresh, late, silent, due } = count;
    return { expected: fresh + late + silent + due, due, silent: silent + due, fresh, quorum };
  }
}
