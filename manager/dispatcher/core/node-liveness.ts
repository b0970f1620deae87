/**
 * Whether one node is there: a state machine over what was heard of it and when. All times are on
 * the attentive clock (`attention.ts`); who is doubted and who is not is decided above
 * (`liveness.ts`).
 */
import { assertNever } from "../../../shared/errors/assert.js";
import type { EngineHealth } from "../../../shared/model/engine-health.js";
import type { NodeState } from "../../../shared/model/node.js";
import { LossHistory } from "./flapping.js";
import type { LivenessLimits } from "./liveness-limits.js";

/** With a longer period a node may still lose two heartbeats. */
const SILENCE_LIMIT_PERIODS = 3;
/** Of what a host says why its engine is away. */
const REASON_LIMIT_CHARACTERS = 300;
/**
 * By then an agent that only turned to another connection is back: no new tasks are
 * sent to one that is not.
 */
const DISCONNECTED_AFTER_MS = 1_000;
/** A stream that ends after more heartbeats than this were missing was cut, not ended. */
const FRESH_PERIODS = 2;
const MS_PER_SECOND = 1_000;

export interface Liveliness {
  readonly state: NodeState;
  /** Why, where it is not ready. */
  readonly message: string;
}

const READY: Liveliness = { state: "ready", message: "" };
/** In Docker's words. */
const SILENT: Liveliness = { state: "down", message: "heartbeat failure" };
const DISCONNECTED: Liveliness = { state: "disconnected", message: "the agent ended its session" };
const GONE: Liveliness = { state: "down", message: "the agent has no session" };
const LEFT: Liveliness = { state: "down", message: "the node left the cluster" };

interface Hold {
  readonly untilMs: number;
  readonly said: Liveliness;
}

type Phase =
  /** Ready when the term began, not heard since. */
  | { readonly kind: "awaited"; readonly heardMs: number; readonly limitMs: number }
  /**
   * Was not expected to be heard when the term began: it has not come yet, or its
   * host had ended its session.
   */
  | { readonly kind: "absent"; readonly sinceMs: number }
  | {
      readonly kind: "connected";
      readonly heardMs: number;
      readonly periodMs: number;
      /** What its agent was last told to keep to. */
      readonly toldMs: number;
      /** Set where a node that flaps counts as down for a while. */
      readonly hold: Hold | undefined;
    }
  | { readonly kind: "closed"; readonly sinceMs: number }
  | { readonly kind: "down" };

/** How well a node that should be heard is heard; `due`: long enough silent to be called down. */
export type Heard = "not-expected" | "fresh" | "late" | "silent" | "due";

export class NodeLiveness {
  #phase: Phase;
  /** Set while the host's engine is away. */
  #engine: { readonly sinceMs: number; readonly reason: string } | undefined;
  readonly #losses = new LossHistory();
  #said: Liveliness | undefined;

  readonly #limits: () => LivenessLimits;

  private constructor(phase: Phase, limits: () => LivenessLimits) {
    this.#phase = phase;
    this.#limits = limits;
  }

  static unknown(limits: () => LivenessLimits): NodeLiveness {
    return new NodeLiveness({ kind: "down" }, limits);
  }

  /**
   * As the store has it when a term begins.
   * @param was.limitMs for how long one that was ready may be silent
   */
  static expected(
    was: { readonly state: NodeState; readonly limitMs: number },
    atMs: number,
    limits: () => LivenessLimits,
  ): NodeLiveness {
    return new NodeLiveness(firstPhase(was, atMs), limits);
  }

  /** What the managers say of it; undefined leaves what the store has. */
  get said(): Liveliness | undefined {
    return this.#said;
  }

  /** Down, and not for its engine: a session that it may still have is of no use. */
  get isLost(): boolean {
    return this.#phase.kind === "down";
  }

  /** A session began. @returns how the node counts from now on: `down` still, where it flaps. */
  registered(
    host: { readonly periodMs: number; readonly engine: EngineHealth },
    atMs: number,
  ): Liveliness {
    const wasDown = this.#phase.kind === "down" || this.#said?.state === "down";
    const { periodMs, engine } = host;
    const hold = wasDown ? this.#hold(atMs) : undefined;
    this.#phase = { kind: "connected", heardMs: atMs, periodMs, toldMs: periodMs, hold };
    if (engine.kind === "answers") {
      this.#engine = undefined;
      this.#said = hold?.said ?? READY;
    } else {
      this.#engine = { sinceMs: this.#engine?.sinceMs ?? atMs, reason: engine.reason };
      const said = withoutEngine(this.#engine, atMs, this.#limits());
      // A node that is down does not come back without its engine.
      this.#said = wasDown ? { ...said, state: "down" } : said;
      if (said.state === "down" && !wasDown) this.#losses.lost(atMs);
    }
    return this.#said;
  }

  heard(atMs: number): void {
    if (this.#phase.kind === "connected") this.#phase = { ...this.#phase, heardMs: atMs };
  }

  /**
   * Its agent sent a heartbeat and is answered with the period to keep to from now on. Until the
   * next one it may not have heard that: the longer of the two counts.
   */
  told(periodMs: number): void {
    if (this.#phase.kind !== "connected") return;
    const longestMs = Math.max(this.#phase.toldMs, periodMs);
    this.#phase = { ...this.#phase, periodMs: longestMs, toldMs: periodMs };
  }

  /** What its agent says of the host's engine. */
  engine(health: EngineHealth, atMs: number): void {
    if (this.#phase.kind !== "connected") return;
    if (health.kind === "away") {
      this.#engine = { sinceMs: this.#engine?.sinceMs ?? atMs, reason: health.reason };
      return;
    }
    if (this.#engine === undefined) return;
    this.#engine = undefined;
    if (this.#said?.state === "down") this.#phase = { ...this.#phase, hold: this.#hold(atMs) };
  }

  /** Its stream ended without our doing. */
  closed(atMs: number): void {
    if (this.#phase.kind !== "connected") return;
    const { heardMs, periodMs } = this.#phase;
    if (this.#said?.state === "down") this.#phase = { kind: "down" };
    else if (atMs - heardMs <= FRESH_PERIODS * periodMs) {
      this.#phase = { kind: "closed", sinceMs: atMs };
    }
    // Else it was cut and not ended: its silence goes on counting.
  }

  /** The host said that it leaves for good. */
  left(): void {
    this.#phase = { kind: "down" };
    this.#said = LEFT;
  }

  hearing(atMs: number): Heard {
    const phase = this.#phase;
    if (phase.kind !== "connected" && phase.kind !== "awaited") return "not-expected";
    const silenceMs = atMs - phase.heardMs;
    const { limitMs, periodMs } = expectationOf(phase, this.#limits());
    if (silenceMs >= limitMs) return "due";
    if (silenceMs >= limitMs - periodMs) return "silent";
    return silenceMs <= FRESH_PERIODS * periodMs ? "fresh" : "late";
  }

  /** @returns whether it counts otherwise than before. */
  look(atMs: number, mood: "sure" | "doubting"): "changed" | "same" {
    const next = this.#next(atMs, mood);
    if (next === undefined || isSame(next, this.#said)) return "same";
    this.#said = next;
    return "changed";
  }

  #next(atMs: number, mood: "sure" | "doubting"): Liveliness | undefined {
    const phase = this.#phase;
    switch (phase.kind) {
      case "connected":
      case "awaited":
        if (this.hearing(atMs) !== "due") return this.#whileHeard(atMs);
        return mood === "sure" ? this.#goneDown(SILENT, atMs) : undefined;
      case "closed":
        if (atMs - phase.sinceMs >= this.#limits().closedMs) return this.#goneDown(GONE, atMs);
        if (atMs - phase.sinceMs < DISCONNECTED_AFTER_MS) return undefined;
        return this.#said?.state === "disconnected" ? undefined : DISCONNECTED;
      case "absent":
        return atMs - phase.sinceMs >= this.#limits().closedMs
          ? this.#goneDown(GONE, atMs)
          : undefined;
      case "down":
        return undefined;
    }
  }

  #goneDown(how: Liveliness, atMs: number): Liveliness {
    this.#phase = { kind: "down" };
    this.#losses.lost(atMs);
    return how;
  }

  #whileHeard(atMs: number): Liveliness | undefined {
    const phase = this.#phase;
    if (phase.kind !== "connected") return undefined;
    if (this.#engine === undefined) {
      return phase.hold !== undefined && atMs < phase.hold.untilMs ? phase.hold.said : READY;
    }
    if (this.#said?.state === "down") return undefined;
    const next = withoutEngine(this.#engine, atMs, this.#limits());
    if (next.state === this.#said?.state) return undefined; // each of its excuses is not news
    if (next.state === "down") this.#losses.lost(atMs);
    return next;
  }

  /** How long a node that was down and is there again has to prove itself, if at all. */
  #hold(atMs: number): Hold | undefined {
    const waitMs = this.#losses.waitMs(atMs);
    if (waitMs === 0) return undefined;
    const times = this.#losses.recent(atMs);
    const stay = `ready once it has stayed for ${waitMs / MS_PER_SECOND} s`;
    const message = `lost ${times} times within minutes: ${stay}`;
    return { untilMs: atMs + waitMs, said: { state: "down", message } };
  }
}

function expectationOf(
  phase: Extract<Phase, { readonly heardMs: number }>,
  limits: LivenessLimits,
): { readonly limitMs: number; readonly periodMs: number } {
  if (phase.kind === "awaited") return { limitMs: phase.limitMs, periodMs: phase.limitMs / 6 };
  return { limitMs: silenceLimitMs(phase.periodMs, limits), periodMs: phase.periodMs };
}

/** Silence after which a node with this heartbeat period is down. */
export function silenceLimitMs(periodMs: number, { silenceMs }: LivenessLimits): number {
  return Math.max(silenceMs, SILENCE_LIMIT_PERIODS * periodMs);
}

function firstPhase(
  was: { readonly state: NodeState; readonly limitMs: number },
  atMs: number,
): Phase {
  switch (was.state) {
    case "ready":
      return { kind: "awaited", heardMs: atMs, limitMs: was.limitMs };
    case "unknown":
    case "disconnected":
      return { kind: "absent", sinceMs: atMs };
    case "down":
      return { kind: "down" };
    default:
      return assertNever(was.state);
  }
}

/** No new tasks at once; after a while those that it has are replaced. */
function withoutEngine(
  { sinceMs, reason }: { readonly sinceMs: number; readonly reason: string },
  atMs: number,
  { engineMs }: LivenessLimits,
): Liveliness {
  const why = reason.slice(0, REASON_LIMIT_CHARACTERS);
  if (atMs - sinceMs < engineMs) {
    return { state: "disconnected", message: `the engine does not answer: ${why}` };
  }
  const limit = `${engineMs / MS_PER_SECOND} s`;
  return { state: "down", message: `the engine has not answered for ${limit}: ${why}` };
}

function isSame(a: Liveliness, b: Liveliness | undefined): boolean {
  return a.state === b?.state && a.message === b.message;
}
