/**
 * Simulated time: what is due happens in the order of its time, then of its making, and everything
 * that follows from it (promises, that is) before the next. Nothing here waits for the real clock.
 */
interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  wanted: boolean;
}

export interface Appointment {
  cancel(): void;
}

/** Time, as what happens in it needs it. */
export interface World {
  readonly nowMs: number;
  after(delayMs: number, callback: () => void): Appointment;
}

export class Timeline implements World {
  #nowMs = 0;
  #made = 0;
  /** A binary heap: the children of `i` are at `2i + 1` and `2i + 2`. */
  readonly #heap: Due[] = [];
  #steps = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** What has happened so far; also tells apart what happened at the same time. */
  get steps(): number {
    return this.#steps;
  }

  after(delayMs: number, callback: () => void): Appointment {
    const due: Due = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#made++,
      callback,
      wanted: true,
    };
    this.#push(due);
    return { cancel: () => (due.wanted = false) };
  }

  /** @param afterStep called when all that follows from a step has happened; false ends the run. */
  async run(untilMs: number, afterStep: () => boolean): Promise<"ended" | "time is up"> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (!next.wanted) continue;
      this.#nowMs = next.atMs;
      this.#steps++;
      next.callback();
      await allThatFollows();
      if (!afterStep()) return "ended";
    }
    this.#nowMs = untilMs;
    return "time is up";
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (isBefore(above, due)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Due)) child++;
      const below = heap[child];
      if (below === undefined || isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** A macrotask later, every promise callback that was ready has run. */
function allThatFollows(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
