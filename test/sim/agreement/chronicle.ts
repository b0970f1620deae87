/**
 * What the managers have agreed on, entry by entry, as whoever applied each first has it; and the
 * state that follows, kept once more in a store of no manager's. Whatever another manager applies,
 * restores or acknowledges is held against it: DESIGN 5, points 1, 2 and 4.
 */
import type { CommittedEntry, ProposalReceipt } from "../../../manager/raft/replicated-log.js";
import { Store } from "../../../manager/store/store.js";
import type { Clock } from "../../../shared/ports/clock.js";
import { silentLogger } from "../../../shared/ports/logger.js";
import type { Consensus } from "../cluster/consensus.js";

/** After this long, what became of a proposal is of no interest. */
const FORGOTTEN_MS = 60_000;

export class Chronicle {
  readonly store: Store;
  onWrong: Consensus["onWrong"] = () => undefined;
  readonly #clock: Clock;
  /** The one with index 1 is the first. */
  readonly #entries: CommittedEntry[] = [];
  readonly #appendedMs: number[] = [];
  /** How far each manager has come. */
  readonly #applied = new Map<string, number>();
  readonly #hashes = new Map<number, string>();
  /** As of when what may still be committed was decided. */
  readonly #decidedMs = new Map<string, number>();
  /** Those among them whose proposer waits. */
  readonly #waiting = new Map<string, { readonly by: string; readonly atMs: number }>();
  #commitMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.store = new Store({ clock, logger: silentLogger });
    this.#noteHash();
  }

  /**
   * Of the entry that is being applied, or was last: from its proposal on, and by how much what its
   * proposer knew then was older than what is committed here.
   */
  get commitMs(): number {
    return this.#commitMs;
  }

  /** For how long `by` has waited for a commit. */
  waitingMs(by: string): number {
    for (const { by: proposer, atMs } of this.#waiting.values()) {
      if (proposer === by) return this.#clock.nowMs() - atMs;
    }
    return 0;
  }

  proposed(by: string, data: Uint8Array): void {
    const [text, atMs] = [textOf(data), this.#clock.nowMs()];
    this.#decidedMs.set(text, this.#knownUntilMs(by) ?? atMs);
    this.#waiting.set(text, { by, atMs });
  }

  /** It was dropped, or is of unknown outcome. */
  givenUp(data: Uint8Array): void {
    this.#waiting.delete(textOf(data));
  }

  died(by: string): void {
    this.#applied.delete(by);
    for (const [text, { by: proposer }] of this.#waiting) {
      if (proposer === by) this.#waiting.delete(text);
    }
  }

  /** Once a proposer has been told that it is committed, it is, for ever. */
  acknowledged(by: string, data: Uint8Array, { index, term }: ProposalReceipt): void {
    const entry = this.#entries[index - 1];
    if (entry?.term === term && textOf(entry.data) === textOf(data)) return;
    this.onWrong("what is acknowledged is committed", `${by}: entry ${index} of term ${term}`);
  }

  /** To be told before `by` itself applies them. */
  applies(by: string, entries: readonly CommittedEntry[]): void {
    this.#applied.set(by, entries.at(-1)?.index ?? 0);
    for (const entry of entries) {
      const known = this.#entries[entry.index - 1];
      if (known === undefined) this.#append(by, entry);
      else if (known.term !== entry.term || textOf(known.data) !== textOf(entry.data)) {
        const detail = `${by} applies another entry ${entry.index} than was applied before`;
        this.onWrong("managers apply the same entries", detail);
      }
    }
  }

  /** Two managers at the same sequence number have the same state. */
  holds(by: string, store: Store): void {
    const { sequence } = store.committed;
    const known = this.#hashes.get(sequence);
    if (known === store.stateHash()) return;
    const detail = `${by} has ${store.stateHash()} at ${sequence}, others ${known ?? "nothing"}`;
    this.onWrong("managers at the same sequence number have the same state", detail);
  }

  /** Since when more is committed than it has applied; undefined where nothing more is. */
  #knownUntilMs(by: string): number | undefined {
    return this.#appendedMs[this.#applied.get(by) ?? this.#entries.length];
  }

  #append(by: string, entry: CommittedEntry): void {
    const last = this.#entries.at(-1);
    if (entry.index !== this.#entries.length + 1) {
      this.onWrong("entries are applied in order", `${by} applies ${entry.index} too early`);
      return;
    }
    if (last !== undefined && entry.term < last.term) {
      const detail = `entry ${entry.index} is of term ${entry.term}, the one before of ${last.term}`;
      this.onWrong("terms never fall along the log", detail);
    }
    this.#entries.push(entry);
    this.#appendedMs.push(this.#clock.nowMs());
    this.#countCommit(entry.data);
    this.store.apply([entry]);
    this.#noteHash();
  }

  #countCommit(data: Uint8Array): void {
    const nowMs = this.#clock.nowMs();
    const text = textOf(data);
    this.#commitMs = nowMs - (this.#decidedMs.get(text) ?? nowMs);
    this.#decidedMs.delete(text);
    this.#waiting.delete(text);
    for (const [other, atMs] of this.#decidedMs) {
      if (nowMs - atMs < FORGOTTEN_MS) break;
      this.#decidedMs.delete(other);
    }
  }

  #noteHash(): void {
    this.#hashes.set(this.store.committed.sequence, this.store.stateHash());
  }
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
