/**
 * Consensus of one: what the durable log has synced is committed. It keeps to what Raft will do in
 * its place (a new term at each start, persisted before anything is proposed in it; entries applied
 * in order once committed; snapshots and compaction), so that the store above and the log below
 * never notice the difference.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

import { assert } from "../../shared/errors/assert.js";
import {
  ProposalDroppedError,
  TooLargeError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { type CompactionSettings, Compactor } from "./compactor.js";
import { NO_MEMBERS } from "./core/membership.js";
import type { Disk } from "./disk.js";
import type { StorageFailedError } from "./log-errors.js";
import { LogFile } from "./log-file.js";
import type {
  CommittedEntry,
  Leadership,
  ProposalReceipt,
  ReplicatedLog,
  StateMachine,
} from "./replicated-log.js";
import { restoreState } from "./restore-state.js";
import type { SegmentSizes } from "./segment.js";
import { Snapshots } from "./snapshots.js";

export interface SingleMemberOptions {
  readonly disk: Disk;
  /** Everything of this member is below it. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateMachine: StateMachine;
  /** The log can no longer be written; the process must end. Called at most once. */
  readonly onFatal: (error: StorageFailedError) => void;
  /** Asked anew after every batch, so that the cluster's settings count at once. */
  readonly compaction?: () => CompactionSettings;
  readonly sizes?: SegmentSizes;
}

interface Proposal {
  readonly data: Uint8Array;
  readonly resolve: (receipt: ProposalReceipt) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Waiting proposals: some tenths of a second at the rates that a disk gives, and a bound on memory.
 */
const MAX_WAITING_PROPOSALS = 8_192;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Proposals in one batch: keeps the pause of `apply` short. */
const MAX_BATCH_PROPOSALS = 1_024;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** The store's own limits are far below; this one keeps a batch in a segment. */
const MAX_PROPOSAL_BYTES = 8 * 1024 * 1024;
/** A write that takes longer is worth a line: by then, users notice. */
const SLOW_DISK_MS = 500;

export class SingleMemberLog implements ReplicatedLog {
  readonly leadership: Leadership;
  readonly #term: number;
  readonly #log: LogFile;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stateMachine: StateMachine;
  readonly #compactor: Compactor;
  #waiting: Proposal[] = [];
  #waitingBytes = 0;
  #appliedIndex: number;
  #running: Promise<void> | undefined;
  #closed = false;

  /**
   * Restores the state machine, begins a new term and leads.
   * @throws DamagedLogError, StorageFailedError, StorageFullError
   */
  static async open(options: SingleMemberOptions): Promise<SingleMemberLog> {
    const { disk, dir, logger, stateMachine, onFatal, sizes } = options;
    const snapshots = await Snapshots.open({ disk, folder: `${dir}/snapshots`, logger });
    const folder = `${dir}/log`;
    const log = await LogFile.open({ disk, folder, logger, onFatal, ...(sizes && { sizes }) });
    try {
      const upTo = log.lastIndex;
      const parts = { folder, log, snapshots, stateMachine, logger, upTo };
      const snapshotIndex = (await restoreState(parts))?.index ?? 0;
      const compactor = new Compactor({
        ...options,
        membership: () => NO_MEMBERS,
        log,
        snapshots,
        snapshotIndex,
      });
      const term = log.hardState.term + 1;
      const first = { index: log.lastIndex + 1, term, data: new Uint8Array() };
      const hardState = { term, vote: undefined, commit: log.lastIndex };
      await log.append({ entries: [{ kind: "data", ...first }], hardState });
      stateMachine.apply([first]);
      const member = new SingleMemberLog(options, { term, log, compactor });
      stateMachine.leadershipChanged(member.leadership);
      return member;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  private constructor(
    options: SingleMemberOptions,
    parts: { readonly term: number; readonly log: LogFile; readonly compactor: Compactor },
  ) {
    this.#term = parts.term;
    this.leadership = { kind: "leader", term: parts.term };
    this.#log = parts.log;
    this.#compactor = parts.compactor;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#stateMachine = options.stateMachine;
    this.#appliedIndex = parts.log.lastIndex;
  }

  /**
   * `data` is not to be changed until the promise is settled.
   * @throws also StorageFullError (nothing happened) and StorageFailedError (it may have happened).
   */
  propose(data: Uint8Array): Promise<ProposalReceipt> {
    if (this.#closed) return Promise.reject(new ProposalDroppedError("the log is closed"));
    if (data.length > MAX_PROPOSAL_BYTES) {
      const sizes = { bytes: data.length, limitBytes: MAX_PROPOSAL_BYTES };
      return Promise.reject(new TooLargeError("the proposal", sizes));
    }
    if (
      this.#waiting.length >= MAX_WAITING_PROPOSALS ||
      this.#waitingBytes + data.length > MAX_WAITING_BYTES
    ) {
      const waiting = `${this.#waiting.length} proposals (${this.#waitingBytes} bytes) wait`;
      return Promise.reject(new TryAgainError(`${waiting} for the disk; try again`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data, resolve, reject });
      this.#waitingBytes += data.length;
      this.#running ??= this.#run();
    });
  }

  /** What is durable is applied in the same turn, so there is nothing to wait for. */
  async readIndex(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    return Promise.resolve(this.#appliedIndex);
  }

  async compact(): Promise<void> {
    await this.#compactor.compact();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const dropped = this.#takeWaiting(this.#waiting.length);
    for (const { reject } of dropped) reject(new ProposalDroppedError("the log is closed"));
    await this.#running;
    await this.#compactor.stop();
    await this.#log.close();
  }

  /** Writes batch after batch, until nothing waits. */
  async #run(): Promise<void> {
    for (;;) {
      const batch = this.#nextBatch();
      if (batch.length === 0) break;
      const failure = await this.#append(batch);
      if (failure === undefined) this.#apply(batch);
      else this.#drop(batch, failure);
      // Those who were answered may propose again within this turn: a full batch is worth more than
      // a disk that starts a turn earlier (measured: twice the entries per sync, fewer syncs).
      await nextTurn();
    }
    this.#running = undefined;
  }

  /** @returns why the batch was not written. */
  async #append(batch: readonly Proposal[]): Promise<Error | undefined> {
    const startMs = this.#clock.nowMs();
    try {
      await this.#log.append({
        entries: this.#entriesOf(batch).map((entry) => ({ kind: "data", ...entry })),
      });
      return undefined;
    } catch (error) {
      return error as Error;
    } finally {
      const tookMs = Math.round(this.#clock.nowMs() - startMs);
      if (tookMs > SLOW_DISK_MS) {
        this.#logger.warn({ tookMs, proposals: batch.length }, "the disk of the log is slow");
      }
    }
  }

  #apply(batch: readonly Proposal[]): void {
    const first = this.#appliedIndex + 1;
    this.#stateMachine.apply(this.#entriesOf(batch));
    this.#appliedIndex += batch.length;
    batch.forEach(({ resolve }, i) => resolve({ index: first + i, term: this.#term }));
    this.#compactor.applied(this.#appliedIndex);
  }

  /** What waits was proposed behind the failed batch, on the strength of it. */
  #drop(batch: readonly Proposal[], failure: Error): void {
    const waiting = this.#takeWaiting(this.#waiting.length);
    for (const { reject } of [...batch, ...waiting]) reject(failure);
  }

  #entriesOf(batch: readonly Proposal[]): CommittedEntry[] {
    const first = this.#appliedIndex + 1;
    return batch.map(({ data }, i) => ({ index: first + i, term: this.#term, data }));
  }

  #nextBatch(): Proposal[] {
    let bytes = 0;
    const tooMuch = this.#waiting.findIndex(({ data }, i) => {
      bytes += data.length;
      return i >= MAX_BATCH_PROPOSALS || (i > 0 && bytes > MAX_BATCH_BYTES);
    });
    return this.#takeWaiting(tooMuch === -1 ? this.#waiting.length : tooMuch);
  }

  #takeWaiting(count: number): Proposal[] {
    const taken = this.#waiting.splice(0, count);
    for (const { data } of taken) this.#waitingBytes -= data.length;
    assert(this.#waitingBytes >= 0, "waiting bytes are counted once");
    return taken;
  }
}
