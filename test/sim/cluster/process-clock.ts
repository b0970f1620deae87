/**
 * Time as one simulated process has it. It may be stopped (SIGSTOP, a long garbage collection, a
 * machine that swaps): then what falls due waits, and so does what arrives; when it goes on, timers
 * come first, as in Node's event loop. It may be killed: then nothing of it ever runs again. Timers
 * may be late by chance, as beside a busy loop.
 */
import type { Clock, Timer } from "../../../shared/ports/clock.js";
import type { Random } from "../../../shared/ports/random.js";

export class ProcessClock implements Clock {
  /** Timers fire up to that much late. */
  lagMs = 0;
  #state: "awake" | "stopped" | "dead" = "awake";
  readonly #world: Clock;
  readonly #random: Random;
  readonly #due: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];

  constructor(world: Clock, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  get state(): "awake" | "stopped" | "dead" {
    return this.#state;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  wallMs(): number {
    return this.#world.wallMs();
  }

  after(delayMs: number, callback: () => void): Timer {
    let wanted = true;
    const fire = (): void => {
      if (!wanted || this.#state === "dead") return;
      if (this.#state === "stopped") this.#due.push(fire);
      else callback();
    };
    const lateMs = this.lagMs === 0 ? 0 : this.#random.below(this.lagMs);
    const timer = this.#world.after(delayMs + lateMs, fire);
    return {
      cancel: () => {
        wanted = false;
        timer.cancel();
      },
    };
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

  /** Something from outside reaches the process: a message, a disk's or an engine's answer. */
  enter(callback: () => void): void {
    if (this.#state === "dead") return;
    if (this.#state === "stopped") this.#arrived.push(callback);
    else callback();
  }

  /** What the outside comes to, as this process hears of it: never, once it is dead. */
  hear<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.enter(() => resolve(value)),
        (error: unknown) => this.enter(() => reject(error)),
      );
    });
  }

  stop(): void {
    if (this.#state === "awake") this.#state = "stopped";
  }

  goOn(): void {
    if (this.#state === "stopped") this.#drain();
  }

  kill(): void {
    this.#state = "dead";
  }

  /** One callback after the other, each with all that follows from it before the next. */
  #drain(): void {
    if (this.#state === "dead") return;
    const next = this.#due.shift() ?? this.#arrived.shift();
    if (next === undefined) {
      this.#state = "awake";
      return;
    }
    this.#state = "awake";
    next();
    if (this.#state === "awake") this.#state = "stopped";
    this.#world.after(0, () => this.#drain());
  }
}
