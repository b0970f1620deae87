/**
 * Takes a snapshot every so many entries and compacts the log behind it, while the log goes on.
 * A snapshot that fails costs nothing but disk space: the log still has everything, and the
 * next attempt starts afresh.
 */
import type { Logger } from "../../shared/ports/logger.js";
import type { Membership } from "./core/membership.js";
import type { SnapshotId } from "./core/message.js";
import type { LogFile } from "./log-file.js";
import type { StateMachine } from "./replicated-log.js";
import type { Snapshots } from "./snapshots.js";

/** The cluster's own settings (`SwarmSpec.Raft`). */
export interface CompactionSettings {
  /** Entries between two snapshots. */
  readonly snapshotInterval: number;
  /** Entries before the snapshot that stay, so that a member a little behind needs no snapshot. */
  readonly logEntriesForSlowFollowers: number;
  /** Older snapshots that are kept beyond the two that recovery may need; absent: none. */
  readonly additionalSnapshots?: number;
}

/** Docker's defaults. */
export const DEFAULT_COMPACTION: CompactionSettings = {
  snapshotInterval: 10_000,
  logEntriesForSlowFollowers: 500,
};

export interface CompactorOptions {
  readonly log: LogFile;
  readonly snapshots: Snapshots;
  readonly stateMachine: StateMachine;
  readonly logger: Logger;
  readonly compaction?: () => CompactionSettings;
  /** As of what is applied. May throw: then no snapshot is taken. */
  readonly membership: () => Membership;
  /** Of the snapshot that the state was restored from. */
  readonly snapshotIndex: number;
  /** There is a new snapshot; entries up to `logIndex` are no longer needed. */
  readonly onSnapshot?: (snapshot: SnapshotId, logIndex: number) => void;
}

export class Compactor {
  readonly #options: CompactorOptions;
  /** The entry at which a snapshot was last taken, or tried. */
  #triedIndex: number;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#triedIndex = options.snapshotIndex;
  }

  /** Another member's snapshot took the place of the state. */
  installed(index: number): void {
    this.#triedIndex = Math.max(this.#triedIndex, index);
  }

  /** To be told after every batch. */
  applied(index: number): void {
    const { snapshotInterval } = this.#settings;
    if (this.#running !== undefined || index - this.#triedIndex < snapshotInterval) return;
    this.#triedIndex = index;
    this.compact().catch((error: unknown) => {
      this.#options.logger.error({ error, index }, "the snapshot failed; the log is kept whole");
    });
  }

  /** One at a time; a call while one is being taken takes another after it. */
  async compact(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    if (this.#stopped) return;
    this.#running = this.#compact().finally(() => (this.#running = undefined));
    await this.#running;
  }

  /** Resolves once nothing is being written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  get #settings(): CompactionSettings {
    return this.#options.compaction?.() ?? DEFAULT_COMPACTION;
  }

  async #compact(): Promise<void> {
    const { log, snapshots, stateMachine, membership } = this.#options;
    snapshots.keepAdditional(this.#settings.additionalSnapshots ?? 0);
    const saved = await snapshots.save(() => {
      const asOfNow = membership();
      return { ...stateMachine.snapshot(), membership: asOfNow };
    });
    const { logEntriesForSlowFollowers } = this.#settings;
    this.#options.onSnapshot?.(saved, saved.index - logEntriesForSlowFollowers);
    const [older, newest] = snapshots.kept.slice(-2);
    if (older === undefined || newest === undefined) return;
    const slow = newest.index - logEntriesForSlowFollowers;
    await log.truncatePrefix(Math.min(older.index, slow));
  }
}
