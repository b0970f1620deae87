/**
 * A log of one member in memory: for tests, benchmarks and simulations of the parts above
 * it. It keeps to the port's promises, and lets a test decide when something is
 * committed, and what never is.
 */
import { NoLeaderError, ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type {
  CommittedEntry,
  Leadership,
  ProposalReceipt,
  ReplicatedLog,
  StateMachine,
} from "./replicated-log.js";

export interface MemoryLogOptions {
  /** When what is proposed now gets committed, all together; in the next microtask unless told. */
  readonly schedule?: (commit: () => void) => void;
}

interface Waiting {
  readonly data: Uint8Array;
  readonly resolve: (receipt: ProposalReceipt) => void;
  readonly reject: (error: Error) => void;
}

export class MemoryLog implements ReplicatedLog {
  readonly #machine: StateMachine;
  readonly #schedule: (commit: () => void) => void;
  #leadership: Leadership = { kind: "follower", term: 0 };
  #index = 0;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #held = false;
  #closed = false;

  /** Leads at once. */
  constructor(machine: StateMachine, { schedule = queueMicrotask }: MemoryLogOptions = {}) {
    this.#machine = machine;
    this.#schedule = schedule;
    this.lead();
  }

  get leadership(): Leadership {
    return this.#leadership;
  }

  /** Proposed and not committed. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async propose(data: Uint8Array): Promise<ProposalReceipt> {
    if (this.#closed) throw new ProposalDroppedError("the log is closed");
    if (this.#leadership.kind !== "leader") throw new NoLeaderError("this manager does not lead");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data, resolve, reject });
      this.#scheduleCommit();
    });
  }

  async readIndex(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    return Promise.resolve(this.#index);
  }

  /** There is nothing to compact; the snapshot is taken all the same. */
  async compact(): Promise<void> {
    for await (const _chunk of this.#machine.snapshot().chunks);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.dropWaiting();
    return Promise.resolve();
  }

  /** Commits nothing until `release` or `commit`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#scheduleCommit();
  }

  /** Commits the oldest proposals now. */
  commit(count = this.#waiting.length): void {
    const batch = this.#waiting.splice(0, count);
    const entries = batch.map(({ data }) => this.#append(data));
    this.#machine.apply(entries);
    batch.forEach(({ resolve }, place) => {
      const { index, term } = entries[place] as CommittedEntry;
      resolve({ index, term });
    });
  }

  /** Drops what is not committed from the `keep`-th on, as a lost lead does. */
  dropWaiting(keep = 0): void {
    for (const { reject } of this.#waiting.splice(keep))
      reject(new ProposalDroppedError("the proposal was dropped before it was committed"));
  }

  /** Another leader's command is committed. */
  deliver(data: Uint8Array): void {
    this.#machine.apply([this.#append(data)]);
  }

  lead(): void {
    this.#leadership = { kind: "leader", term: this.#leadership.term + 1 };
    this.#machine.apply([this.#append(new Uint8Array())]);
    this.#machine.leadershipChanged(this.#leadership);
  }

  /** What is not committed is dropped. */
  stepDown(): void {
    this.#leadership = { kind: "follower", term: this.#leadership.term };
    this.#machine.leadershipChanged(this.#leadership);
    this.dropWaiting();
  }

  #append(data: Uint8Array): CommittedEntry {
    return { index: ++this.#index, term: this.#leadership.term, data };
  }

  #scheduleCommit(): void {
    if (this.#scheduled || this.#held || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      if (!this.#held) this.commit();
    });
  }
}
