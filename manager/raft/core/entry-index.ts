/**
 * Where each entry of the log is on disk. Four flat arrays instead of an object per entry: a
 * log may hold some 100,000 entries between two snapshots, and this is the only thing about
 * them that stays in memory.
 */
import { assert } from "../../../shared/errors/assert.js";

export interface EntryPosition {
  readonly index: number;
  readonly term: number;
  readonly segment: number;
  readonly offset: number;
  readonly endOffset: number;
}

export class EntryIndex {
  #firstIndex: number;
  #previousTerm: number | undefined;
  #terms: number[] = [];
  #segments: number[] = [];
  #offsets: number[] = [];
  #endOffsets: number[] = [];

  /** @param previousTerm term of the entry before `firstIndex`, where it is known. */
  constructor(firstIndex: number, previousTerm: number | undefined) {
    this.#firstIndex = firstIndex;
    this.#previousTerm = previousTerm;
  }

  get firstIndex(): number {
    return this.#firstIndex;
  }

  /** `firstIndex - 1` while there is no entry. */
  get lastIndex(): number {
    return this.#firstIndex + this.#terms.length - 1;
  }

  /** @returns undefined outside of [firstIndex - 1, lastIndex]. */
  term(index: number): number | undefined {
    if (index === this.#firstIndex - 1) return this.#previousTerm;
    return this.#terms[index - this.#firstIndex];
  }

  position(index: number): EntryPosition | undefined {
    const i = index - this.#firstIndex;
    const term = this.#terms[i];
    if (term === undefined) return undefined;
    const [segment, offset, endOffset] = [
      this.#segments[i],
      this.#offsets[i],
      this.#endOffsets[i],
    ] as [number, number, number];
    return { index, term, segment, offset, endOffset };
  }

  /**
   * Adds an entry; one that takes the place of another removes all after it (a conflicting suffix).
   */
  put(entry: EntryPosition): void {
    assert(entry.index <= this.lastIndex + 1, `entry ${entry.index} after ${this.lastIndex}`);
    if (entry.index < this.#firstIndex) this.restartAfter(entry.index - 1, undefined);
    if (entry.index <= this.lastIndex) this.#dropFrom(entry.index - this.#firstIndex);
    this.#terms.push(entry.term);
    this.#segments.push(entry.segment);
    this.#offsets.push(entry.offset);
    this.#endOffsets.push(entry.endOffset);
  }

  /** Forgets everything: the log goes on after `index`. */
  restartAfter(index: number, term: number | undefined): void {
    this.#firstIndex = index + 1;
    this.#previousTerm = term;
    this.#terms = [];
    this.#segments = [];
    this.#offsets = [];
    this.#endOffsets = [];
  }

  /** The last index of the entries in `segment`; undefined if it has none that still counts. */
  lastIndexIn(segment: number): number | undefined {
    const i = this.#segments.lastIndexOf(segment);
    return i === -1 ? undefined : this.#firstIndex + i;
  }

  /** Forgets the entries up to `index`. */
  dropThrough(index: number): void {
    const count = Math.min(index, this.lastIndex) - this.#firstIndex + 1;
    if (count <= 0) return;
    this.#previousTerm = this.#terms[count - 1];
    this.#firstIndex += count;
    this.#terms = this.#terms.slice(count);
    this.#segments = this.#segments.slice(count);
    this.#offsets = this.#offsets.slice(count);
    this.#endOffsets = this.#endOffsets.slice(count);
  }

  #dropFrom(count: number): void {
    this.#terms.length = count;
    this.#segments.length = count;
    this.#offsets.length = count;
    this.#endOffsets.length = count;
  }
}
