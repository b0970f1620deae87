/**
 * Who watches the store, and the newest events for those who come back. Committed changes alone
 * pass here, in order, each exactly once.
 */
import { WatchExpiredError } from "../../shared/errors/cluster-error.js";
import type { CommittedBatch, Watch } from "./store-access.js";

/**
 * Kept for watchers that were away: at 2,000 changes a second a reconnect of five seconds, at the
 * usual few a minute days. Each holds an old version of its object: some 5 MB in all.
 */
export const EVENTS_KEPT = 10_000;

interface Watcher {
  readonly listener: (batch: CommittedBatch) => void;
  /** Batches up to this sequence number are not for this watcher. */
  readonly after: number;
}

export class WatchHistory {
  readonly #watchers = new Set<Watcher>();
  /** Oldest first, from `#first` on; those before are dropped, and cleared away now and then. */
  #batches: CommittedBatch[] = [];
  #first = 0;
  #events = 0;
  /** The batches up to this one are not kept. */
  #forgotten: number;
  #sequence: number;

  /** @param sequence of the state that the first batch follows. */
  constructor(sequence: number) {
    this.#forgotten = sequence;
    this.#sequence = sequence;
  }

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  watch(listener: (batch: CommittedBatch) => void, after: number = this.#sequence): Watch {
    if (after < this.#forgotten) throw new WatchExpiredError({ after, oldest: this.#forgotten });
    const watcher: Watcher = { listener, after: Math.max(after, this.#sequence) };
    for (const batch of this.#batches.slice(this.#first))
      if (batch.sequence > after) deliver(watcher, batch);
    this.#watchers.add(watcher);
    return { close: () => void this.#watchers.delete(watcher) };
  }

  /** To be called for each command, also for one that changed nothing. */
  publish(batch: CommittedBatch): void {
    this.#sequence = batch.sequence;
    if (batch.events.length === 0) return;
    this.#keep(batch);
    for (const watcher of this.#watchers)
      if (batch.sequence > watcher.after) deliver(watcher, batch);
  }

  /**
   * The state was replaced by a later one. Those who watch get what differs as one batch; those who
   * are away must read everything anew.
   */
  replaced(batch: CommittedBatch): void {
    this.#batches = [];
    this.#first = 0;
    this.#events = 0;
    this.publish(batch);
    this.#forgotten = batch.sequence;
  }

  #keep(batch: CommittedBatch): void {
    this.#batches.push(batch);
    this.#events += batch.events.length;
    for (let oldest = this.#batches[this.#first]; oldest !== undefined;) {
      if (this.#events <= EVENTS_KEPT) break;
      this.#events -= oldest.events.length;
      this.#forgotten = oldest.sequence;
      oldest = this.#batches[++this.#first];
    }
    if (this.#first * 2 <= this.#batches.length) return;
    this.#batches = this.#batches.slice(this.#first);
    this.#first = 0;
  }
}

/** A listener that throws is a bug of ours: the process ends, but not amid a command half told. */
function deliver(watcher: Watcher, batch: CommittedBatch): void {
  try {
    watcher.listener(batch);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
