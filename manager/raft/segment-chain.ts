/**
 * The segments of a log as one: entries go to the last, whole segments are removed at the front.
 * Knows where each entry is; leaves queueing and the meaning of failures to `log-file.ts`.
 */
import { batchBytes } from "./core/batch.js";
import type { EntryIndex } from "./core/entry-index.js";
import type { Entry, HardState } from "./core/message.js";
import type { LogRecord } from "./core/record.js";
import { isDiskFull } from "./disk.js";
import { type EntryRange, readEntries } from "./read-entries.js";
import { type LogPlace, type RecoveredLog, recoverLog } from "./recover-log.js";
import { Segment } from "./segment.js";

export class SegmentChain {
  readonly entries: EntryIndex;
  readonly #place: LogPlace;
  /** Oldest first; the last one is written to. */
  readonly #segments: Segment[];
  #hardState: HardState;
  #sealed = true;

  /** @throws DamagedLogError */
  static async open(place: LogPlace): Promise<SegmentChain> {
    return new SegmentChain(place, await recoverLog(place));
  }

  private constructor(place: LogPlace, recovered: RecoveredLog) {
    this.#place = place;
    this.#segments = recovered.segments;
    this.entries = recovered.entries;
    this.#hardState = recovered.hardState;
  }

  /** Durable. */
  get hardState(): HardState {
    return this.#hardState;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { endBytes }) => sum + endBytes, 0);
  }

  /** One batch: durable as a whole once resolved. After an error `cutBack`, or nothing more. */
  async append(records: readonly LogRecord[]): Promise<void> {
    const fits = this.#last.endBytes + batchBytes(records) <= this.#place.sizes.segmentBytes;
    if (!fits) await this.#roll();
    const segment = this.#last;
    const { offsets } = await segment.write(records);
    await segment.sync();
    this.#sealed = false;
    records.forEach((record, i) => {
      if (record.kind === "hard-state") this.#hardState = record.hardState;
      else if (record.kind === "restart") this.entries.restartAfter(record.index, record.term);
      else if (record.kind === "entry") {
        const [offset, endOffset] = [offsets[i], offsets[i + 1]] as [number, number];
        const { index, term } = record.entry;
        this.entries.put({ index, term, segment: segment.number, offset, endOffset });
      }
    });
  }

  /** Marks the last batch as durable on the disk itself, without a sync: see `scan-segment.ts`. */
  async seal(): Promise<void> {
    if (this.#sealed) return;
    this.#sealed = true;
    await this.#last.write([{ kind: "seal" }]);
  }

  sync(): Promise<void> {
    return this.#last.sync();
  }

  /** Removes, durably, what a failed write may have left. */
  cutBack(): Promise<void> {
    return this.#last.cutBack();
  }

  read(range: EntryRange): Promise<Entry[]> {
    const segment = (number: number): Segment | undefined =>
      this.#segments.find((candidate) => candidate.number === number);
    return readEntries({ entries: this.entries, segment }, range);
  }

  /**
   * Removes the oldest segment if no entry after `index` is in it; never the last, which is written
   * to. One at a time and durably, so that a crash never leaves a hole between segments.
   * @returns whether there was one to remove.
   */
  async removeOldest(index: number): Promise<boolean> {
    const [oldest, next] = this.#segments;
    if (oldest === undefined || next === undefined) return false;
    const last = this.entries.lastIndexIn(oldest.number);
    if (last !== undefined && last > index) return false;
    if (last !== undefined) this.entries.dropThrough(last);
    this.#segments.shift();
    await oldest.discard();
    return true;
  }

  async close(): Promise<void> {
    for (const segment of this.#segments) await segment.close();
  }

  get #last(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  /** The next segment is durable before the present one leads to it, and empty until then. */
  async #roll(): Promise<void> {
    const { disk, folder, sizes } = this.#place;
    const full = this.#last;
    // A seal may not be, and the next segment is to say up to where all of this one is durable.
    await full.sync();
    const { lastIndex } = this.entries;
    const header = {
      segment: full.number + 1,
      firstIndex: lastIndex + 1,
      previousTerm: this.entries.term(lastIndex) ?? 0,
      previousEndBytes: full.endBytes,
    };
    const { growBytes } = sizes;
    const hardState = this.#hardState;
    const next = await Segment.create(disk, { folder, header, hardState, growBytes });
    try {
      await full.write([{ kind: "rolled" }]);
      await full.sync();
    } catch (error) {
      // The log stays here, and will grow beyond the end that `next` knows of.
      if (isDiskFull(error)) await next.discard();
      else await next.close();
      throw error;
    }
    this.#segments.push(next);
  }
}
