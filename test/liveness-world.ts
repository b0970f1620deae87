/**
 * A manager's judgement of its nodes, in time that a test moves: what is heard of each node, and
 * what is said of it.
 */
import { LOOK_PERIOD_MS } from "../manager/dispatcher/core/attention.js";
import { Liveness } from "../manager/dispatcher/core/liveness.js";
import type { Liveliness } from "../manager/dispatcher/core/node-liveness.js";
import type { EngineHealth } from "../shared/model/engine-health.js";
import type { NodeId } from "../shared/model/ids.js";
import type { NodeState } from "../shared/model/node.js";

const PERIOD_MS = 500;
const ANSWERS = { kind: "answers" } as const;

/**
 * A manager that looks every 100 ms at nodes that send a heartbeat every 500
 * ms, while they are told to.
 */
export class LivenessWorld {
  nowMs = 1_000_000;
  quorum: "fresh" | "stale" = "fresh";
  readonly liveness = new Liveness(this.nowMs);
  /** Every change, with the time since the start. */
  readonly log: string[] = [];
  readonly #startMs = this.nowMs;
  readonly #engines = new Map<string, EngineHealth>();
  readonly #beating = new Map<NodeId, number>();

  connect(...names: string[]): void {
    for (const name of names) {
      const said = this.liveness.registered(
        name as NodeId,
        { periodMs: PERIOD_MS, engine: this.engineOf(name) },
        this.nowMs,
      );
      this.#note(name, said.state);
      this.#beating.set(name as NodeId, this.nowMs);
    }
  }

  /** What its agent says of its engine: now, and in its next hello. */
  engine(name: string, health: EngineHealth): void {
    this.#engines.set(name, health);
    this.liveness.engine(name as NodeId, health, this.nowMs);
  }

  engineOf(name: string): EngineHealth {
    return this.#engines.get(name) ?? ANSWERS;
  }

  said(name: string): Liveliness | undefined {
    return this.liveness.of(name as NodeId);
  }

  mute(...names: string[]): void {
    for (const name of names) this.#beating.delete(name as NodeId);
  }

  close(...names: string[]): void {
    this.mute(...names);
    for (const name of names) this.liveness.closed(name as NodeId, this.nowMs);
  }

  expect(name: string, state: NodeState): void {
    this.liveness.expect(name as NodeId, { state, periodMs: PERIOD_MS, greetings: 3 }, this.nowMs);
  }

  run(ms: number): this {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs;) {
      this.nowMs += LOOK_PERIOD_MS;
      this.#beat();
      this.look();
    }
    return this;
  }

  /** The manager's event loop is held up; the nodes' heartbeats wait in the kernel. */
  stall(ms: number): void {
    this.nowMs += ms;
    this.look(); // a timer that is late comes before what was received meanwhile
    this.#beat();
  }

  look(): void {
    for (const id of this.liveness.look(this.nowMs, this.quorum)) {
      this.#note(id, this.liveness.of(id)?.state ?? "none");
    }
  }

  #beat(): void {
    for (const [id, lastMs] of this.#beating) {
      if (this.nowMs - lastMs < PERIOD_MS) continue;
      this.#beating.set(id, this.nowMs);
      this.liveness.heard(id, this.nowMs);
    }
  }

  #note(name: string, state: string): void {
    this.log.push(`${((this.nowMs - this.#startMs) / 1_000).toFixed(1)} ${name} ${state}`);
  }
}
