/**
 * The log of one member on its disk: what consensus promises rests on it. Entries and hard state are
 * appended to segments; all that is queued while a sync runs goes into the next write, so there is one
 * fdatasync per batch however many callers wait. Raft uses it unchanged: an entry with an index that
 * exists takes the place of it and of all after it.
 *
 * - A promise of `append` that resolves means: durable. One that rejects with StorageFullError means: not
 *   there, and it never will be.
 * - Any other failure of a write or sync is final (`onFatal`), never tried again.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

import { assert } from "../../shared/errors/assert.js";
import type { Logger } from "../../shared/ports/logger.js";
import { batchBytes } from "./core/batch.js";
import type { EntryIndex } from "./core/entry-index.js";
import {
  type HardState,
  type LogEntry,
  type LogRecord,
  MAX_PAYLOAD_BYTES,
  recordBytes,
} from "./core/record.js";
import { type Disk, isDiskFull } from "./disk.js";
import { StorageFailedError, StorageFullError } from "./log-errors.js";
import { readEntries } from "./read-entries.js";
import { recoverLog } from "./recover-log.js";
import { Segment, SEGMENT_SIZES, type SegmentSizes } from "./segment.js";

export interface LogFileOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly logger: Logger;
  /** The log can no longer be written: the process must end. Called at most once. */
  readonly onFatal: (error: StorageFailedError) => void;
  readonly sizes?: SegmentSizes;
}

export interface AppendRequest {
  /** A snapshot replaces the whole log, which goes on after its index. */
  readonly restart?: { readonly index: number; readonly term: number };
  /** Consecutive, the first at most one after the last; from the first on they replace what is there. */
  readonly entries?: readonly LogEntry[];
  readonly hardState?: HardState;
}

interface Append {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** Largest batch: beyond this a sync takes longer for it, and nobody should wait for more than this. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export class LogFile {
  readonly #options: LogFileOptions;
  readonly #sizes: SegmentSizes;
  readonly #segments: Segment[];
  readonly #entries: EntryIndex;
  #hardState: HardState;
  /** Bounded by the callers: proposals and messages in flight are. */
  readonly #queue: Append[] = [];
  #queuedLastIndex: number;
  #writing: Promise<void> | undefined;
  #sealed = true;
  #closed = false;
  #failure: StorageFailedError | undefined;

  /** Recovers what is in the folder, or begins a new log there. @throws DamagedLogError */
  static async open(options: LogFileOptions): Promise<LogFile> {
    const sizes = options.sizes ?? SEGMENT_SIZES;
    const { segments, entries, hardState } = await recoverLog({ ...options, sizes });
    return new LogFile(options, { segments, entries, hardState, sizes });
  }

  private constructor(
    options: LogFileOptions,
    state: {
      readonly segments: Segment[];
      readonly entries: EntryIndex;
      readonly hardState: HardState;
      readonly sizes: SegmentSizes;
    },
  ) {
    this.#options = options;
    this.#sizes = state.sizes;
    this.#segments = state.segments;
    this.#entries = state.entries;
    this.#hardState = state.hardState;
    this.#queuedLastIndex = state.entries.lastIndex;
  }

  /** Durable. */
  get hardState(): HardState {
    return this.#hardState;
  }

  get firstIndex(): number {
    return this.#entries.firstIndex;
  }

  /** The last durable entry; `firstIndex - 1` if there is none. */
  get lastIndex(): number {
    return this.#entries.lastIndex;
  }

  /** @returns undefined outside of [firstIndex - 1, lastIndex], and where compaction has forgotten it. */
  term(index: number): number | undefined {
    return this.#entries.term(index);
  }

  /**
   * Resolves once durable. Appends become durable in the order of the calls.
   * @throws StorageFullError this append and all that were queued with it left nothing.
   * @throws StorageFailedError it is unknown what of it is on disk.
   */
  append(request: AppendRequest): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    assert(!this.#closed, "append to a closed log");
    const records = this.#toRecords(request);
    if (records.length === 0) return Promise.resolve();
    const bytes = batchBytes(records);
    return new Promise((done, failed) => {
      this.#queue.push({ records, bytes, done, failed });
      this.#writing ??= this.#drain();
    });
  }

  /**
   * Entries of [from, to), at least one, as many as fit into `maxBytes` on disk.
   * @throws DamagedLogError
   */
  read(from: number, to: number, maxBytes: number): Promise<LogEntry[]> {
    const segment = (number: number): Segment | undefined =>
      this.#segments.find((candidate) => candidate.number === number);
    return readEntries({ entries: this.#entries, segment }, { from, to, maxBytes });
  }

  /**
   * Removes whole segments of which no entry after `index` is needed. Not to be called twice at once.
   * @throws StorageFailedError which is final: to go on would tear a hole into the log.
   */
  async truncatePrefix(index: number): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const [oldest, next] = this.#segments;
      // The last segment is written to.
      if (oldest === undefined || next === undefined) return;
      const last = this.#entries.lastIndexIn(oldest.number);
      if (last !== undefined && last > index) return;
      if (last !== undefined) this.#entries.dropThrough(last);
      this.#segments.shift();
      try {
        // One at a time, so that a crash never leaves a hole between segments.
        await oldest.discard();
      } catch (cause) {
        throw this.#fail(`remove ${oldest.path}`, cause);
      }
    }
  }

  /** Writes what is queued, and closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    if (this.#failure === undefined) {
      await this.#seal();
      await this.#active.sync().catch((error: unknown) => this.#fail("sync the log", error));
    }
    for (const segment of this.#segments) await segment.close();
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #toRecords({ restart, entries = [], hardState }: AppendRequest): LogRecord[] {
    const records: LogRecord[] = [];
    if (restart !== undefined) {
      records.push({ kind: "restart", ...restart });
      this.#queuedLastIndex = restart.index;
    }
    for (const [i, entry] of entries.entries()) {
      const contiguous = i > 0 ? this.#queuedLastIndex + 1 === entry.index : true;
      assert(contiguous && entry.index <= this.#queuedLastIndex + 1, `gap before ${entry.index}`);
      const record = { kind: "entry", entry } as const;
      assert(recordBytes(record) <= MAX_PAYLOAD_BYTES, `entry ${entry.index} is too large`);
      records.push(record);
      this.#queuedLastIndex = entry.index;
    }
    if (hardState !== undefined) records.push({ kind: "hard-state", hardState });
    return records;
  }

  async #drain(): Promise<void> {
    while (this.#failure === undefined) {
      if (this.#queue.length > 0) {
        await this.#writeBatch(this.#takeBatch());
        continue;
      }
      // Whoever waits for one entry at a time comes back within this turn.
      await nextTurn();
      if (this.#queue.length === 0) await this.#seal();
      if (this.#queue.length === 0) break;
    }
    this.#writing = undefined;
  }

  #takeBatch(): Append[] {
    let bytes = 0;
    const tooMuch = this.#queue.findIndex((append) => (bytes += append.bytes) > MAX_BATCH_BYTES);
    return this.#queue.splice(0, tooMuch === -1 ? this.#queue.length : Math.max(1, tooMuch));
  }

  async #writeBatch(batch: readonly Append[]): Promise<void> {
    const records = batch.flatMap((append) => append.records);
    try {
      await this.#write(records);
    } catch (error) {
      const reason = isDiskFull(error)
        ? await this.#makeRoom(batchBytes(records), error)
        : this.#fail("write the log", error);
      this.#queuedLastIndex = this.lastIndex;
      // What was queued behind counts on this batch.
      for (const append of [...batch, ...this.#queue.splice(0)]) append.failed(reason);
      return;
    }
    for (const append of batch) append.done();
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const fits = this.#active.endBytes + batchBytes(records) <= this.#sizes.segmentBytes;
    if (!fits) await this.#roll();
    const active = this.#active;
    const { offsets } = await active.write(records);
    await active.sync();
    this.#sealed = false;
    records.forEach((record, i) => {
      if (record.kind === "hard-state") this.#hardState = record.hardState;
      else if (record.kind === "restart") this.#entries.restartAfter(record.index, record.term);
      else if (record.kind === "entry") {
        const [offset, endOffset] = [offsets[i], offsets[i + 1]] as [number, number];
        const { index, term } = record.entry;
        this.#entries.put({ index, term, segment: active.number, offset, endOffset });
      }
    });
  }

  /** The next segment is durable before the present one leads to it, and empty until then. */
  async #roll(): Promise<void> {
    const { disk, folder } = this.#options;
    const full = this.#active;
    // A seal may not be, and the next segment is to say up to where all of this one is durable.
    await full.sync();
    const firstIndex = this.lastIndex + 1;
    const header = {
      segment: full.number + 1,
      firstIndex,
      previousTerm: this.term(firstIndex - 1) ?? 0,
      previousEndBytes: full.endBytes,
    };
    const { growBytes } = this.#sizes;
    const next = await Segment.create(disk, {
      folder,
      header,
      hardState: this.#hardState,
      growBytes,
    });
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

  /** Leaves nothing of the write that did not fit, so that a later one may succeed. */
  async #makeRoom(needed: number, cause: unknown): Promise<Error> {
    const { disk, folder, logger } = this.#options;
    try {
      await this.#active.cutBack();
      const error = new StorageFullError(
        folder,
        { needed, free: await disk.freeBytes(folder) },
        cause,
      );
      logger.error({ folder, error }, "the disk is full");
      return error;
    } catch (error) {
      return this.#fail("cut an unfinished write off the log", error);
    }
  }

  /** Marks the last batch as durable on the disk itself, without a sync: see `scan-segment.ts`. */
  async #seal(): Promise<void> {
    if (this.#sealed || this.#failure !== undefined) return;
    this.#sealed = true;
    try {
      await this.#active.write([{ kind: "seal" }]);
    } catch (error) {
      if (isDiskFull(error)) await this.#makeRoom(0, error);
      else this.#fail("write the log", error);
    }
  }

  #fail(what: string, cause: unknown): StorageFailedError {
    if (this.#failure !== undefined) return this.#failure;
    const error = cause instanceof StorageFailedError ? cause : new StorageFailedError(what, cause);
    this.#failure = error;
    for (const append of this.#queue.splice(0)) append.failed(error);
    this.#options.onFatal(error);
    return error;
  }
}
