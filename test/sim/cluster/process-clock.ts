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
  /** `catching-up`: it goes on, and takes up in order what has waited. */
  #state: "awake" | "stopped" | "catching-up" | "dead" = "awake";
  readonly #world: Clock;
  readonly #random: Random;
  readonly #due: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];

  constructor(world: Clock, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  get state(): "awake" | "stopped" | "dead" {
    return this.#state === "catching-up" ? "awake" : this.#state;
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
      if (this.#state === "awake") callback();
      else this.#due.push(() => wanted && callback());
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
    if (this.#state === "awake") callback();
    else this.#arrived.push(callback);
  }

  /** What the outside comes to, as this process hears of it: never, once it is dead. */
  async hear<T>(promise: Promise<T>): Promise<T> {
    await Promise.allSettled([promise]);
    await new Promise<void>((resolve) => {
      this.enter(resolve);
    });
    return await promise;
  }

  stop(): void {
    if (this.#state !== "dead") this.#state = "stopped";
  }

  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "catching-up";
    this.#catchUp();
  }

  kill(): void {
    this.#state = "dead";
  }

  /** One callback after the other, each with all that follows from it before the next. */
  #catchUp(): void {
    if (this.#state !== "catching-up") return;
    const next = this.#due.shift() ?? this.#arrived.shift();
    if (next === undefined) {
      this.#state = "awake";
      return;
    }
    next();
    this.#world.after(0, () => this.#catchUp());
  }
}
