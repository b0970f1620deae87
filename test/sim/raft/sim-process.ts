/**
 * One life of a manager's process, and time as it has it. Its clock runs a little fast or slow. It
 * may be stopped (a long garbage collection, a machine that swaps): then what falls due waits, and
 * so does what arrives; when it goes on, timers come first, as in Node's event loop. It may be
 * killed: then nothing of it ever runs again.
 */
import type { Clock, Timer } from "../../../shared/ports/clock.js";
import type { Random } from "../../../shared/ports/random.js";
import type { Timeline } from "./timeline.js";

/** What a turn of the event loop takes at most: messages that come meanwhile share the next one. */
const TURN_MS = 2;

export interface ClockError {
  /** Of its clock against the world's; 1: right. */
  readonly rate: number;
  /** What its wall clock is wrong by. */
  readonly wallOffsetMs: number;
}

/** A life of a process, as what is outside of it sees it. */
export interface HostProcess {
  readonly state: "awake" | "stopped" | "dead";
  /** Something from outside reaches it, once it is awake; never, once it is dead. */
  enter(callback: () => void): void;
}

export class SimProcess implements Clock, HostProcess {
  #clock: ClockError = { rate: 1, wallOffsetMs: 0 };
  /** `catching-up`: it goes on, and takes up in order what has waited. */
  #state: "awake" | "stopped" | "catching-up" | "dead" = "awake";
  readonly #world: Timeline;
  readonly #random: Random;
  readonly #onRun: () => void;
  readonly #onThrow: (error: unknown) => void;
  readonly #due: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];
  #localMs = 0;
  #awakeSinceMs = 0;
  #worldMs: number;

  constructor(options: {
    readonly world: Timeline;
    readonly random: Random;
    /** Called before anything of it runs. */
    readonly onRun: () => void;
    /** Something of it threw that nobody caught: a real process ends by that. */
    readonly onThrow: (error: unknown) => void;
  }) {
    const { world, random, onRun, onThrow } = options;
    this.#world = world;
    this.#random = random;
    this.#onRun = onRun;
    this.#onThrow = onThrow;
    this.#worldMs = world.nowMs;
    this.#awakeSinceMs = world.nowMs;
  }

  get state(): "awake" | "stopped" | "dead" {
    return this.#state === "catching-up" ? "awake" : this.#state;
  }

  setClock(clock: ClockError): void {
    // A changed rate counts from the change on: the clock never goes back.
    this.nowMs();
    this.#clock = clock;
  }

  /** In the world's time; it may not have noticed what happened before. */
  get awakeSinceMs(): number {
    return this.#awakeSinceMs;
  }

  nowMs(): number {
    this.#localMs += (this.#world.nowMs - this.#worldMs) * this.#clock.rate;
    this.#worldMs = this.#world.nowMs;
    return this.#localMs;
  }

  wallMs(): number {
    return this.#world.nowMs + this.#clock.wallOffsetMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    let wanted = true;
    const fire = (): void => {
      if (!wanted || this.#state === "dead") return;
      if (this.#state === "awake") this.#run(callback);
      else this.#due.push(() => wanted && callback());
    };
    const appointment = this.#world.after(delayMs / this.#clock.rate, fire);
    return {
      cancel: () => {
        wanted = false;
        appointment.cancel();
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

  /** Soon, as `setImmediate` does it: what arrives until then has arrived. */
  defer(turn: () => void): void {
    this.#world.after(this.#random.below(TURN_MS * 1000) / 1000, () => this.enter(turn));
  }

  /** Something from outside reaches the process: a message, or a disk's answer. */
  enter(callback: () => void): void {
    if (this.#state === "dead") return;
    if (this.#state === "awake") this.#run(callback);
    else this.#arrived.push(callback);
  }

  stop(): void {
    if (this.#state !== "dead") this.#state = "stopped";
  }

  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "catching-up";
    this.#awakeSinceMs = this.#world.nowMs;
    this.#catchUp();
  }

  kill(): void {
    this.#state = "dead";
  }

  #run(callback: () => void): void {
    this.#onRun();
    try {
      callback();
    } catch (error) {
      this.#onThrow(error);
    }
  }

  /** One callback after the other, each with all that follows from it before the next. */
  #catchUp(): void {
    if (this.#state !== "catching-up") return;
    const next = this.#due.shift() ?? this.#arrived.shift();
    if (next === undefined) {
      this.#state = "awake";
      this.#awakeSinceMs = this.#world.nowMs;
      return;
    }
    this.#run(next);
    this.#world.after(0, () => this.#catchUp());
  }
}
