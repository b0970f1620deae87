/**
 * A node that goes down and comes back again and again would have its tasks moved each time.
 * From its second return within some minutes it has to stay for a while before it counts as
 * ready, longer each time.
 */

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Losses that are older are forgiven. */
const MEMORY_MS = 300_000;
/** More than this many double the wait no further. */
const LOSSES_KEPT = 8;

export class LossHistory {
  #lostAtMs: number[] = [];

  lost(atMs: number): void {
    this.#lostAtMs = [...this.#lostAtMs, atMs].slice(-LOSSES_KEPT);
  }

  /** Losses that still count. */
  recent(nowMs: number): number {
    this.#lostAtMs = this.#lostAtMs.filter((atMs) => nowMs - atMs < MEMORY_MS);
    return this.#lostAtMs.length;
  }

  /** How long a node that comes back now has to stay before it counts as ready. */
  waitMs(nowMs: number): number {
    const again = this.recent(nowMs) - 1;
    if (again <= 0) return 0;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (again - 1));
  }
}
