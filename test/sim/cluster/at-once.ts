/**
 * One log for all managers, as if it were replicated at once; which of them leads is for others to
 * say. What was not committed when the lead changes is lost.
 */
import type { Leadership } from "../../../manager/raft/replicated-log.js";
import { createMemoryStore, type MemoryStore } from "../../../manager/store/memory-store.js";
import type { Transaction } from "../../../manager/store/store-access.js";
import type { Consensus, ConsensusGround, Life, Seat } from "./consensus.js";
import { QUICK_MS, USUAL_COMMIT_MS } from "./consensus.js";
import { GatedStore } from "./gated.js";

/** While the leader is stopped, or its disk slow, nothing is committed; afterwards it is soon. */
const LOOK_AGAIN_MS = 10;

export class AtOnce implements Consensus {
  leader: string | undefined;
  leaderSinceMs = 0;
  commitMs = USUAL_COMMIT_MS;
  onWrong: Consensus["onWrong"] = () => undefined;
  readonly #ground: ConsensusGround;
  readonly #memory: MemoryStore;
  readonly #lives = new Map<string, Life>();

  constructor(ground: ConsensusGround) {
    this.#ground = ground;
    const schedule = (commit: () => void): void => this.#commitSoon(commit);
    this.#memory = createMemoryStore({ clock: ground.clock, schedule });
  }

  get store(): MemoryStore["store"] {
    return this.#memory.store;
  }

  get isQuick(): boolean {
    return this.commitMs <= QUICK_MS;
  }

  seat(name: string): Seat {
    return {
      begin: (life) => {
        this.#lives.set(name, life);
        life.opened(new GatedStore(this.store, life.process, () => this.leader === name));
      },
      end: () => {
        this.#lives.delete(name);
        if (this.leader !== name) return;
        this.leader = undefined;
        this.#memory.log.stepDown();
      },
    };
  }

  async found(startManagers: () => void, write: (tx: Transaction) => void): Promise<void> {
    const { clock, names } = this.#ground;
    const written = this.update(write);
    await clock.advance(this.commitMs);
    await written;
    startManagers();
    this.elect(names[0]);
  }

  elect(name: string | undefined): void {
    const { log } = this.#memory;
    const former = this.leader;
    this.leader = undefined;
    log.stepDown();
    if (former !== undefined) this.#tell(former, log.leadership);
    if (name === undefined) return;
    log.lead();
    if (!this.#lives.has(name)) throw new Error("only a manager that runs can lead");
    this.leader = name;
    this.leaderSinceMs = this.#ground.clock.nowMs();
    this.#tell(name, log.leadership);
  }

  beSlow(commitMs: number): void {
    this.commitMs = commitMs;
  }

  update<T>(write: (tx: Transaction) => T): Promise<T> {
    return this.store.update(write);
  }

  #tell(name: string, leadership: Leadership): void {
    const life = this.#lives.get(name);
    life?.process.enter(() => life.leadershipChanged(leadership));
  }

  #commitSoon(commit: () => void): void {
    const { clock } = this.#ground;
    const proposedMs = clock.nowMs();
    const attempt = (afterMs: number): void => {
      clock.after(afterMs, () => {
        const leader = this.leader === undefined ? undefined : this.#lives.get(this.leader);
        const stopped = leader?.process.state === "stopped";
        if (stopped || clock.nowMs() - proposedMs < this.commitMs) attempt(LOOK_AGAIN_MS);
        else commit();
      });
    };
    attempt(Math.min(this.commitMs, LOOK_AGAIN_MS));
  }
}
