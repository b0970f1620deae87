/**
 * The log of one member on its disk: what consensus promises rests on it. Entries and hard state
 * are appended to segments; all that is queued while a sync runs goes into the next write, so there
 * is one fdatasync per batch however many callers wait. Raft uses it unchanged: an entry with an
 * index that exists takes the place of it and of all after it.
 *
 * - A promise of `append` that resolves means: durable. One that rejects with StorageFullError
 *   means: not there, and it never will be.
 * - Any other failure of a write or sync is final (`onFatal`), never tried again.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

import { assert } from "../../shared/errors/assert.js";
import type { Logger } from "../../shared/ports/logger.js";
import { batchBytes } from "./core/batch.js";
import type { Entry, HardState } from "./core/message.js";
import { type LogRecord, MAX_PAYLOAD_BYTES, recordBytes } from "./core/record.js";
import { type Disk, isDiskFull } from "./disk.js";
import { StorageFailedError, StorageFullError } from "./log-errors.js";
import { SEGMENT_SIZES, type SegmentSizes } from "./segment.js";
import { SegmentChain } from "./segment-chain.js";

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
  /**
   * Consecutive, the first at most one after the last; from the first on
   * they replace what is there.
   */
  readonly entries?: readonly Entry[];
  readonly hardState?: HardState;
}

interface Append {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/**
 * Largest batch: beyond this a sync takes longer for it, and nobody should wait for more than this.
 */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export class LogFile {
  readonly #options: LogFileOptions;
  readonly #chain: SegmentChain;
  /** Bounded by the callers: proposals and messages in flight are. */
  readonly #queue: Append[] = [];
  #queuedLastIndex: number;
  #writing: Promise<void> | undefined;
  #full = false;
  #closed = false;
  #failure: StorageFailedError | undefined;

  /** Recovers what is in the folder, or begins a new log there. @throws DamagedLogError */
  static async open(options: LogFileOptions): Promise<LogFile> {
    const { sizes = SEGMENT_SIZES } = options;
    return new LogFile(options, await SegmentChain.open({ ...options, sizes }));
  }

  private constructor(options: LogFileOptions, chain: SegmentChain) {
    this.#options = options;
    this.#chain = chain;
    this.#queuedLastIndex = chain.entries.lastIndex;
  }

  /** Durable. */
  get hardState(): HardState {
    return this.#chain.hardState;
  }

  get firstIndex(): number {
    return this.#chain.entries.firstIndex;
  }

  /** On the disk, entries that are no longer needed included. */
  get bytes(): number {
    return this.#chain.bytes;
  }

  /** The last durable entry; `firstIndex - 1` if there is none. */
  get lastIndex(): number {
    return this.#chain.entries.lastIndex;
  }

  /**
   * @returns undefined outside of [firstIndex - 1, lastIndex], and where
   *   compaction has forgotten it.
   */
  term(index: number): number | undefined {
    return this.#chain.entries.term(index);
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
  read(from: number, to: number, maxBytes: number): Promise<Entry[]> {
    return this.#chain.read({ from, to, maxBytes });
  }

  /**
   * Removes whole segments of which no entry after `index` is needed. Not to
   * be called twice at once.
   * @throws StorageFailedError which is final: to go on would tear a hole into the log.
   */
  async truncatePrefix(index: number): Promise<void> {
    for (let removed = true; removed;) {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        removed = await this.#chain.removeOldest(index);
      } catch (cause) {
        throw this.#fail("remove the oldest segment of the log", cause);
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
      await this.#chain.sync().catch((cause: unknown) => this.#fail("sync the log", cause));
    }
    await this.#chain.close();
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
      await this.#chain.append(records);
    } catch (error) {
      const reason = await this.#giveUp(batchBytes(records), error);
      this.#queuedLastIndex = this.lastIndex;
      // What was queued behind counts on this batch.
      for (const append of [...batch, ...this.#queue.splice(0)]) append.failed(reason);
      return;
    }
    if (this.#full) this.#options.logger.info({}, "there is room for the log again");
    this.#full = false;
    for (const append of batch) append.done();
  }

  async #seal(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#chain.seal();
    } catch (error) {
      await this.#giveUp(0, error);
    }
  }

  /**
   * After a failed write: for want of space nothing of it may stay, so that
   * a later one may succeed.
   */
  async #giveUp(neededBytes: number, cause: unknown): Promise<Error> {
    if (!isDiskFull(cause)) return this.#fail("write the log", cause);
    const { disk, folder, logger } = this.#options;
    try {
      await this.#chain.cutBack();
      const bytes = { needed: neededBytes, free: await disk.freeBytes(folder) };
      if (!this.#full) logger.error({ folder, ...bytes }, "the disk is full: no room for the log");
      this.#full = true;
      return new StorageFullError(folder, bytes, cause);
    } catch (error) {
      return this.#fail("cut an unfinished write off the log", error);
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
