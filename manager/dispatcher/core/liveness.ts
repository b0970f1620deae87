/**
 * Which nodes are there: a state machine over what was heard of each node and when. Fast (three
 * seconds of silence) and slow to panic: time in which this manager did not listen counts against
 * nobody, a host that ended its stream gets longer, one that flaps has to prove itself, and a mass
 * silence makes the manager doubt itself first.
 *
 * It lives for one term: a new leader starts every clock afresh, and keeps `down` what was down.
 */
import { assertNever } from "../../../shared/errors/assert.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeState } from "../../../shared/model/node.js";
import { AttentiveClock } from "./attention.js";
import { LossHistory } from "./flapping.js";
import { type Hearing, SelfDoubt } from "./self-doubt.js";

/** Silence after which a node is down: six heartbeats of the usual period. */
export const SILENCE_LIMIT_MS = 3_000;
/** With a longer period a node may still lose two heartbeats. */
const SILENCE_LIMIT_PERIODS = 3;
/**
 * A stream that its host ended: the daemon is restarting or died, the host answers, the tasks run
 * on. As long for a node that has joined and was not heard yet: its daemon is starting.
 */
export const CLOSED_LIMIT_MS = 30_000;
/**
 * By then an agent that only turned to another connection is back: no new tasks are
 * sent to one that is not.
 */
const DISCONNECTED_AFTER_MS = 1_000;
/** A stream that ends after more heartbeats than this were missing was cut, not ended. */
const FRESH_PERIODS = 2;

export interface Liveliness {
  readonly state: NodeState;
  readonly message: string;
}

const READY: Liveliness = { state: "ready", message: "" };
/** In Docker's words. */
const SILENT: Liveliness = { state: "down", message: "heartbeat failure" };
const DISCONNECTED: Liveliness = { state: "disconnected", message: "the agent ended its session" };
const GONE: Liveliness = { state: "down", message: "the agent has no session" };
const LEFT: Liveliness = { state: "down", message: "the node left the cluster" };

/** Times are on the attentive clock. */
type Phase =
  /** Ready when the term began, not heard since. */
  | { readonly kind: "awaited"; readonly heardMs: number; readonly periodMs: number }
  /**
   * Was not expected to be heard when the term began: it has not come yet, or its
   * host had ended its session.
   */
  | { readonly kind: "absent"; readonly sinceMs: number }
  | {
      readonly kind: "connected";
      readonly heardMs: number;
      readonly periodMs: number;
      /** Until then a node that flaps counts as down. */
      readonly readyAtMs: number;
    }
  | { readonly kind: "closed"; readonly sinceMs: number }
  | { readonly kind: "down" };

interface Watched {
  phase: Phase;
  readonly losses: LossHistory;
  /** What the managers say of it; undefined leaves what the store has. */
  said: Liveliness | undefined;
}

export class Liveness {
  readonly #clock: AttentiveClock;
  readonly #doubt = new SelfDoubt();
  readonly #nodes = new Map<NodeId, Watched>();

  constructor(nowMs: number) {
    this.#clock = new AttentiveClock(nowMs);
  }

  /**
   * A node of the store that has not been heard yet in this term. A known one is left as it is.
   * @param was.periodMs at which it is thought to send heartbeats.
   */
  expect(
    nodeId: NodeId,
    was: { readonly state: NodeState; readonly periodMs: number },
    nowMs: number,
  ): void {
    if (this.#nodes.has(nodeId)) return;
    this.#watch(nodeId, firstPhase(was, this.#clock.at(nowMs)));
  }

  forget(nodeId: NodeId): void {
    this.#nodes.delete(nodeId);
  }

  /** A session began. @returns how the node counts from now on: `down` still, where it flaps. */
  registered(nodeId: NodeId, periodMs: number, nowMs: number): Liveliness {
    const atMs = this.#clock.at(nowMs);
    const node = this.#nodes.get(nodeId) ?? this.#watch(nodeId, { kind: "down" });
    const wasDown = node.phase.kind === "down" || isHeld(node.phase, atMs);
    const waitMs = wasDown ? node.losses.waitMs(atMs) : 0;
    node.phase = { kind: "connected", heardMs: atMs, periodMs, readyAtMs: atMs + waitMs };
    const held = `lost ${node.losses.recent(atMs)} times within minutes: ready once it has stayed for ${waitMs / 1_000} s`;
    node.said = waitMs === 0 ? READY : { state: "down", message: held };
    return node.said;
  }

  heard(nodeId: NodeId, nowMs: number): void {
    const node = this.#nodes.get(nodeId);
    if (node?.phase.kind !== "connected") return;
    node.phase = { ...node.phase, heardMs: this.#clock.at(nowMs) };
  }

  /** The node's stream ended without our doing. */
  closed(nodeId: NodeId, nowMs: number): void {
    const node = this.#nodes.get(nodeId);
    if (node?.phase.kind !== "connected") return;
    const atMs = this.#clock.at(nowMs);
    const { heardMs, periodMs } = node.phase;
    if (isHeld(node.phase, atMs)) node.phase = { kind: "down" };
    else if (atMs - heardMs <= FRESH_PERIODS * periodMs) {
      node.phase = { kind: "closed", sinceMs: atMs };
    }
    // Else it was cut and not ended: its silence goes on counting.
  }

  /** The host said that it leaves for good. */
  left(nodeId: NodeId): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    node.phase = { kind: "down" };
    node.said = LEFT;
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
      const next = nextOf(node, atMs, mood);
      if (next === undefined) continue;
      if (next.state === "down") {
        node.phase = { kind: "down" };
        node.losses.lost(atMs);
      }
      node.said = next;
      changed.push(nodeId);
    }
    return changed;
  }

  /** Undefined: as the store has it. */
  of(nodeId: NodeId): Liveliness | undefined {
    return this.#nodes.get(nodeId)?.said;
  }

  #watch(nodeId: NodeId, phase: Phase): Watched {
    const node: Watched = { phase, losses: new LossHistory(), said: undefined };
    this.#nodes.set(nodeId, node);
    return node;
  }

  #hearing(atMs: number, quorum: "fresh" | "stale"): Hearing {
    let [expected, due, silent, fresh] = [0, 0, 0, 0];
    for (const { phase } of this.#nodes.values()) {
      if (phase.kind !== "connected" && phase.kind !== "awaited") continue;
      expected++;
      const silenceMs = atMs - phase.heardMs;
      const limitMs = silenceLimitMs(phase.periodMs);
      if (silenceMs >= limitMs) due++;
      if (silenceMs >= limitMs - phase.periodMs) silent++;
      else if (silenceMs <= FRESH_PERIODS * phase.periodMs) fresh++;
    }
    return { expected, due, silent, fresh, quorum };
  }
}

/** Silence after which a node with this heartbeat period is down. */
function silenceLimitMs(periodMs: number): number {
  return Math.max(SILENCE_LIMIT_MS, SILENCE_LIMIT_PERIODS * periodMs);
}

function firstPhase(
  was: { readonly state: NodeState; readonly periodMs: number },
  atMs: number,
): Phase {
  switch (was.state) {
    case "ready":
      return { kind: "awaited", heardMs: atMs, periodMs: was.periodMs };
    case "unknown":
    case "disconnected":
      return { kind: "absent", sinceMs: atMs };
    case "down":
      return { kind: "down" };
    default:
      return assertNever(was.state);
  }
}

/** Undefined where nothing changes. */
function nextOf(
  { phase, said }: Watched,
  atMs: number,
  mood: "sure" | "doubting",
): Liveliness | undefined {
  switch (phase.kind) {
    case "connected":
    case "awaited":
      if (atMs - phase.heardMs >= silenceLimitMs(phase.periodMs)) {
        return mood === "sure" ? SILENT : undefined;
      }
      return said?.state === "down" && !isHeld(phase, atMs) ? READY : undefined;
    case "closed":
      if (atMs - phase.sinceMs >= CLOSED_LIMIT_MS) return GONE;
      if (atMs - phase.sinceMs < DISCONNECTED_AFTER_MS) return undefined;
      return said?.state === "disconnected" ? undefined : DISCONNECTED;
    case "absent":
      return atMs - phase.sinceMs >= CLOSED_LIMIT_MS ? GONE : undefined;
    case "down":
      return undefined;
  }
}

function isHeld(phase: Phase, atMs: number): boolean {
  return phase.kind === "connected" && atMs < phase.readyAtMs;
}
