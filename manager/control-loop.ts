/**
 * The keyed queue that every reconciler runs in. An event only enqueues a key; the reconciler then
 * reads everything about that key. A key that is enqueued twice is reconciled once, a missed event
 * costs time and not correctness, and a failure is tried again with growing delay. One key is never
 * reconciled twice at once.
 */
import type { Clock, Timer } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";

export interface ControlLoopOptions<Key extends string> {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys that may be reconciled at once, each on its own; 1 unless told. */
  readonly concurrency?: number;
  /** Reads all about `key`, acts, and returns; running it again without a change does nothing. */
  readonly reconcile: (key: Key, signal: AbortSignal) => Promise<void>;
}

/** First wait after a failure; doubled with each further one. */
const RETRY_FIRST_MS = 50;
/**
 * Longest wait after failures: a fault that lasts must not fill the log, and must
 * not be forgotten either.
 */
const RETRY_LIMIT_MS = 5_000;

export class ControlLoop<Key extends string> {
  readonly #options: ControlLoopOptions<Key>;
  readonly #ready = new Set<Key>();
  readonly #later = new Map<Key, { readonly dueMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<Key, number>();
  readonly #active = new Set<Key>();
  readonly #idle = new Set<() => void>();

  constructor(options: ControlLoopOptions<Key>) {
    this.#options = options;
  }

  enqueue(key: Key): void {
    this.#ready.add(key);
    this.#wakeOne();
  }

  /** Enqueues `key` after `delayMs`; of two waits for one key the earlier stands. */
  enqueueAfter(key: Key, delayMs: number): void {
    const dueMs = this.#options.clock.nowMs() + delayMs;
    const waiting = this.#later.get(key);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    waiting?.timer.cancel();
    const timer = this.#options.clock.after(delayMs, () => {
      this.#later.delete(key);
      this.enqueue(key);
    });
    this.#later.set(key, { dueMs, timer });
  }

  /** Keys waiting to be reconciled now. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Runs until aborted, then resolves: no reconciler of this loop is active after that. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const wakeAll = (): void => this.#idle.forEach((wake) => wake());
    signal.addEventListener("abort", wakeAll);
    const { concurrency = 1 } = this.#options;
    try {
      await Promise.all(Array.from({ length: concurrency }, () => this.#work(signal)));
    } finally {
      signal.removeEventListener("abort", wakeAll);
      for (const { timer } of this.#later.values()) timer.cancel();
      this.#later.clear();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = this.#takeNext();
      if (key === undefined) {
        await this.#untilWoken(signal);
        continue;
      }
      this.#active.add(key);
      await this.#reconcile(key, signal);
      this.#active.delete(key);
      // Enqueued again while it was reconciled: its turn is now, and it may be another worker's.
      if (this.#ready.has(key)) this.#wakeOne();
    }
  }

  #takeNext(): Key | undefined {
    for (const key of this.#ready) {
      if (this.#active.has(key)) continue;
      this.#ready.delete(key);
      return key;
    }
    return undefined;
  }

  #wakeOne(): void {
    for (const wake of this.#idle) {
      wake();
      return;
    }
  }

  #untilWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#idle.delete(wake);
        resolve();
      };
      this.#idle.add(wake);
      if (signal.aborted) wake();
    });
  }

  async #reconcile(key: Key, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.reconcile(key, signal);
      this.#failures.delete(key);
    } catch (error) {
      if (signal.aborted) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const delayMs = Math.min(RETRY_LIMIT_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
      this.#options.logger.warn(
        { loop: this.#options.name, key, error, failures, delayMs },
        "reconcile failed; trying again",
      );
      this.enqueueAfter(key, delayMs);
    }
  }
}
