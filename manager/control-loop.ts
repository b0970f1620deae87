/**
 * The keyed queue that every reconciler runs in. An event only enqueues a key; the reconciler then reads
 * everything about that key. A key that is enqueued twice is reconciled once, a missed event costs time
 * and not correctness, and a failure is tried again with growing delay. One key is never reconciled twice at once.
 */
import type { Clock, Timer } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";

export interface ControlLoopOptions<Key extends string> {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reads all about `key`, acts, and returns; running it again without a change does nothing. */
  readonly reconcile: (key: Key, signal: AbortSignal) => Promise<void>;
}

/** First wait after a failure; doubled with each further one. */
const RETRY_FIRST_MS = 50;
/** Longest wait after failures: a fault that lasts must not fill the log, and must not be forgotten either. */
const RETRY_LIMIT_MS = 5_000;

export class ControlLoop<Key extends string> {
  readonly #options: ControlLoopOptions<Key>;
  readonly #ready = new Set<Key>();
  readonly #later = new Map<Key, { readonly dueMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<Key, number>();
  #wake: (() => void) | undefined;

  constructor(options: ControlLoopOptions<Key>) {
    this.#options = options;
  }

  enqueue(key: Key): void {
    this.#ready.add(key);
    this.#wake?.();
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
    const wake = (): void => this.#wake?.();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const key = this.#takeNext();
        if (key === undefined) await this.#untilWoken(signal);
        else await this.#reconcile(key, signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      for (const { timer } of this.#later.values()) timer.cancel();
      this.#later.clear();
    }
  }

  #takeNext(): Key | undefined {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      return key;
    }
    return undefined;
  }

  #untilWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
      if (signal.aborted || this.#ready.size > 0) this.#wake();
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
