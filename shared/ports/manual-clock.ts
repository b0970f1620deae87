/**
 * A clock that a test moves by hand: timers fire in order of their due time, then of their making.
 */
import type { Clock, Timer } from "./clock.js";

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 0;
  #made = 0;
  readonly #epochMs: number;
  readonly #due = new Set<Due>();

  /** @param epochMs what the wall shows at the start; fixed, so that transcripts repeat. */
  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#epochMs + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#made++, callback };
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      const timer = this.after(delayMs, () => {
        signal.removeEventListener("abort", abandon);
        resolve();
      });
      if (signal.aborted) abandon();
      else signal.addEventListener("abort", abandon, { once: true });
    });
  }

  /** Timers that wait: a test that expects quiet can say so. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves time on by `ms`, firing what falls due on the way and letting its promises run. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) break;
      this.#due.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  #next(): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (first === undefined || due.atMs < first.atMs) first = due;
      else if (due.atMs === first.atMs && due.order < first.order) first = due;
    }
    return first;
  }
}

/** Lets every promise callback that is ready run: a macrotask later they all have. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
