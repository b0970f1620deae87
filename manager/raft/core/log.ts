/**
 * A member's log as consensus sees it: all of it in memory from the last compaction on, with marks
 * for how far it is written, committed and applied. Nothing here waits for a disk; what is to be
 * written is handed out, and later said to be durable.
 *
 * ```
 *   base │ entries ...............................................
 *        │    applied ≤ applying ≤ committed ≤ last
 *        │    durable ≤ handed out           ≤ last
 * ```
 */
import { assert } from "../../../shared/errors/assert.js";
import { type Entry, entryBytes, type EntryId, type SnapshotId, totalBytes } from "./message.js";

/** What the log is made of after a restart. */
export interface StoredLog {
  /** The entry before the first one: what compaction, or a snapshot, left of it. */
  readonly base: EntryId;
  readonly entries: readonly Entry[];
  readonly commitIndex: number;
  /** What the state machine has already; from `base.index` on. */
  readonly appliedIndex: number;
}

export interface ApplyLimits {
  /** `committed`: also what is not durable here yet, where writing comes before applying anyway. */
  readonly upTo: "durable" | "committed";
  /** Handed out and not yet applied; one entry may go over it. */
  readonly bytes: number;
}

export class RaftLog {
  #base: EntryId;
  #entries: Entry[];
  #snapshot: { readonly id: SnapshotId; state: "new" | "handed-out" } | undefined;
  #durableIndex: number;
  #handedOutIndex: number;
  #committedIndex: number;
  #applyingIndex: number;
  #appliedIndex: number;
  #applyingBytes = 0;
  readonly #limits: ApplyLimits;

  constructor({ base, entries, commitIndex, appliedIndex }: StoredLog, limits: ApplyLimits) {
    this.#base = base;
    this.#entries = [...entries];
    this.#durableIndex = this.#handedOutIndex = this.lastIndex;
    this.#committedIndex = Math.max(base.index, commitIndex);
    this.#applyingIndex = this.#appliedIndex = Math.max(base.index, appliedIndex);
    this.#limits = limits;
    assert(this.#committedIndex <= this.lastIndex, `${commitIndex} is committed, and not there`);
    assert(this.#appliedIndex <= this.#committedIndex, `${appliedIndex} was applied too early`);
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  /** `firstIndex - 1` where the log is empty. */
  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  get last(): EntryId {
    const { term, index } = this.#entries.at(-1) ?? this.#base;
    return { term, index };
  }

  get committedIndex(): number {
    return this.#committedIndex;
  }

  get committed(): EntryId {
    return { term: this.term(this.#committedIndex) ?? 0, index: this.#committedIndex };
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** Not all is durable, as far as it was heard. */
  get hasUnwritten(): boolean {
    return this.#durableIndex < this.lastIndex;
  }

  /** A snapshot has yet to be installed: until then nothing can be applied. */
  get awaitsSnapshot(): boolean {
    return this.#snapshot !== undefined;
  }

  /** @returns undefined where it is compacted, or not there. */
  term(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.firstIndex]?.term;
  }

  has({ term, index }: EntryId): boolean {
    return this.term(index) === term;
  }

  /** Whether a log that ends with `last` has all that this one has (paper, 5.4.1). */
  isCoveredBy(last: EntryId): boolean {
    const own = this.last;
    return last.term > own.term || (last.term === own.term && last.index >= own.index);
  }

  /** Entries of [from, to): at least one where there is one, as many as fit into `maxBytes`. */
  slice(from: number, to: number, maxBytes: number): Entry[] {
    assert(
      from >= this.firstIndex,
      `entry ${from} is compacted: the log begins at ${this.firstIndex}`,
    );
    const entries = this.#entries.slice(from - this.firstIndex, to - this.firstIndex);
    let bytes = 0;
    const tooMuch = entries.findIndex((entry) => (bytes += entryBytes(entry)) > maxBytes);
    return tooMuch === -1 ? entries : entries.slice(0, Math.max(1, tooMuch));
  }

  /** A leader's own entries. */
  append(entries: readonly Entry[]): void {
    this.#put(entries);
  }

  /**
   * What a leader sends, after `previous`. Only entries that conflict are replaced: a message that
   * comes late must not cut off what came since (paper, figure 2).
   * @returns the index up to which the logs are now the same; undefined where they are not.
   */
  appendAfter(previous: EntryId, entries: readonly Entry[]): number | undefined {
    if (!this.has(previous)) return undefined;
    const news = entries.findIndex((entry) => !this.has(entry));
    if (news !== -1) this.#put(entries.slice(news));
    return previous.index + entries.length;
  }

  /**
   * The last place up to `index` at which a log with `term` there may agree with this one. Terms
   * only ever rise along a log, so everything of a higher term can be skipped.
   * @returns term 0 where it is not known.
   */
  mayAgreeAt({ term, index }: EntryId): EntryId {
    for (let at = index; at > 0; at--) {
      const own = this.term(at);
      if (own === undefined) return { term: 0, index: at };
      if (own <= term) return { term: own, index: at };
    }
    return { term: 0, index: 0 };
  }

  commitTo(index: number): void {
    if (index <= this.#committedIndex) return;
    assert(
      index <= this.lastIndex,
      `commit of ${index}, the log ends at ${this.lastIndex}: it lost entries`,
    );
    this.#committedIndex = index;
  }

  /** Takes the place of everything. */
  restore(snapshot: SnapshotId): void {
    this.#base = { term: snapshot.term, index: snapshot.index };
    this.#entries = [];
    this.#snapshot = { id: snapshot, state: "new" };
    this.#durableIndex = this.#handedOutIndex = snapshot.index;
    this.#committedIndex = snapshot.index;
  }

  /** What is to be written next, and was not handed out before. */
  get unwritten(): { readonly entries: Entry[]; readonly snapshot: SnapshotId | undefined } {
    return {
      entries: this.#entries.slice(this.#handedOutIndex - this.#base.index),
      snapshot: this.#snapshot?.state === "new" ? this.#snapshot.id : undefined,
    };
  }

  get hasNews(): boolean {
    return this.#handedOutIndex < this.lastIndex || this.#snapshot?.state === "new";
  }

  handOut(): void {
    this.#handedOutIndex = this.lastIndex;
    if (this.#snapshot !== undefined) this.#snapshot.state = "handed-out";
  }

  /** All up to `id` is on disk, and nothing that is still being written replaces any of it. */
  written(id: EntryId): void {
    if (id.index <= this.#durableIndex || !this.has(id)) return;
    this.#durableIndex = id.index;
    this.#handedOutIndex = Math.max(this.#handedOutIndex, id.index);
  }

  installed(snapshotIndex: number): void {
    if (this.#snapshot?.id.index === snapshotIndex) this.#snapshot = undefined;
  }

  /** The next entries to apply; handed out with `applying`. */
  get applicable(): Entry[] {
    if (!this.hasApplicable) return [];
    const room = Math.max(0, this.#limits.bytes - this.#applyingBytes);
    return this.slice(this.#applyingIndex + 1, this.#applicableIndex + 1, room);
  }

  get hasApplicable(): boolean {
    if (this.#snapshot !== undefined) return false;
    if (this.#applyingBytes >= this.#limits.bytes) return false;
    return this.#applyingIndex < this.#applicableIndex;
  }

  applying(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#applyingIndex = last.index;
    this.#applyingBytes += totalBytes(entries);
  }

  applied(index: number, bytes: number): void {
    assert(
      index <= this.#committedIndex,
      `${index} was applied, ${this.#committedIndex} committed`,
    );
    this.#appliedIndex = Math.max(this.#appliedIndex, index);
    this.#applyingIndex = Math.max(this.#applyingIndex, index);
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes);
  }

  /** Committed, and not applied yet. */
  get unapplied(): readonly Entry[] {
    return this.#entries.slice(
      this.#appliedIndex - this.#base.index,
      this.#committedIndex - this.#base.index,
    );
  }

  /** Forgets the entries up to `index`, of which a snapshot tells from now on. */
  compact(index: number): void {
    if (index <= this.#base.index) return;
    assert(
      index <= this.#appliedIndex,
      `compaction up to ${index}, ${this.#appliedIndex} is applied`,
    );
    const term = this.term(index);
    assert(term !== undefined, `entry ${index} is not in the log`);
    this.#entries = this.#entries.slice(index - this.#base.index);
    this.#base = { term, index };
  }

  get #applicableIndex(): number {
    if (this.#limits.upTo === "committed") return this.#committedIndex;
    return Math.min(this.#committedIndex, this.#durableIndex);
  }

  #put(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#committedIndex, `entry ${first.index} is committed, and conflicts`);
    assert(first.index <= this.lastIndex + 1, `gap between ${this.lastIndex} and ${first.index}`);
    this.#entries.length = first.index - this.firstIndex;
    for (const entry of entries) this.#entries.push(entry);
    // Replaced entries are to be written again.
    this.#durableIndex = Math.min(this.#durableIndex, first.index - 1);
    this.#handedOutIndex = Math.min(this.#handedOutIndex, first.index - 1);
  }
}
