/**
 * Time as a manager that may be inattentive has it. While its event loop is held up, heartbeats lie
 * unread in the kernel: that time counts against nobody. So deadlines are measured on a clock that
 * moves on with every look, but by little where the look came late.
 */

/** How often the dispatcher looks. */
export const LOOK_PERIOD_MS = 100;

/** What one look may at most add: twice the period, for timers are never quite on time. */
const LONGEST_STEP_MS = 2 * LOOK_PERIOD_MS;

export class AttentiveClock {
  #attentiveMs = 0;
  #lookedMs: number;

  constructor(nowMs: number) {
    this.#lookedMs = nowMs;
  }

  /** To be called every `LOOK_PERIOD_MS`. @returns milliseconds of attention since the start. */
  look(nowMs: number): number {
    this.#attentiveMs = this.at(nowMs);
    this.#lookedMs = nowMs;
    return this.#attentiveMs;
  }

  /** Between two looks. */
  at(nowMs: number): number {
    return this.#attentiveMs + Math.min(LONGEST_STEP_MS, Math.max(0, nowMs - this.#lookedMs));
  }
}
