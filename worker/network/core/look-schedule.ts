/**
 * When to look at what is in the kernel, and at how much of it: soon after a hint at what the hint is
 * about, and every so often, without one, at the host and some of its tasks by turns.
 */
import type { TaskId } from "../../../shared/model/ids.js";

/** Between two looks that hints ask for: what is changed from outside is mended within 5 s. */
const SPACING_MS = 2_000;
/** Without a hint: what no monitor sees. */
const ROUND_MS = 15_000;
/** A task costs a few milliseconds of processor time. */
const TASKS_PER_ROUND = 30;

export interface DueLooks {
  readonly host: "due" | "spared";
  readonly taskIds: readonly TaskId[];
}

export class LookSchedule {
  #lookedMs: number;
  #roundMs: number;
  #round = 0;
  #isHostHinted = false;
  readonly #hinted = new Set<TaskId>();

  /** @param nowMs everything was looked at */
  constructor(nowMs: number) {
    this.#lookedMs = nowMs;
    this.#roundMs = nowMs;
  }

  hintHost(): void {
    this.#isHostHinted = true;
  }

  hintTask(taskId: TaskId): void {
    this.#hinted.add(taskId);
  }

  /** When the next look is due, as things stand. */
  get dueMs(): number {
    const isHinted = this.#isHostHinted || this.#hinted.size > 0;
    const roundMs = this.#roundMs + ROUND_MS;
    return isHinted ? Math.min(roundMs, this.#lookedMs + SPACING_MS) : roundMs;
  }

  /** What is due is taken to be looked at now. @param running tasks that can be looked at */
  take(nowMs: number, running: readonly TaskId[]): DueLooks {
    const isRound = nowMs >= this.#roundMs + ROUND_MS;
    const host = this.#isHostHinted || isRound ? "due" : "spared";
    const turns = isRound ? this.#nextTurns(running) : [];
    const taskIds = running.filter((one) => this.#hinted.has(one) || turns.includes(one));
    this.#isHostHinted = false;
    this.#hinted.clear();
    this.#lookedMs = nowMs;
    if (isRound) this.#roundMs = nowMs;
    return { host, taskIds };
  }

  #nextTurns(running: readonly TaskId[]): readonly TaskId[] {
    const from = (this.#round++ * TASKS_PER_ROUND) % Math.max(1, running.length);
    return running.slice(from, from + TASKS_PER_ROUND);
  }
}
