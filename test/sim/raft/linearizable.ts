/**
 * Whether there is an order in which the calls on one object could have happened one by one, each
 * between its question and its answer, that explains what was read (Wing and Gong 1993, with the
 * memory of Lowe 2017). Calls of unknown outcome may have happened at any time after they were
 * asked, or not at all.
 */
import type { Call } from "./history.js";
import { NEVER_WRITTEN, type ObjectState } from "./objects.js";

/** Larger searches are given up: so much overlap is not in the histories that we make. */
const MAX_STATES = 200_000;

export type Verdict =
  | { readonly kind: "linearizable" }
  | { readonly kind: "not-linearizable"; readonly key: string; readonly stuckAt: Call | undefined }
  | { readonly kind: "too-large"; readonly key: string };

export function judgeHistory(calls: readonly Call[]): Verdict {
  for (const key of new Set(calls.map((call) => call.key))) {
    const verdict = judgeObject(calls.filter((call) => call.key === key));
    if (verdict.kind !== "linearizable") return verdict;
  }
  return { kind: "linearizable" };
}

/** @param calls on one object. */
function judgeObject(calls: readonly Call[]): Verdict {
  const mayHaveHappened = calls.filter(({ kind, end }) =>
    kind === "read" ? end === "done" : end !== "void",
  );
  return new Search(calls[0]?.key ?? "", mayHaveHappened).run();
}

class Search {
  readonly #key: string;
  /** In the order in which they were asked. */
  readonly #calls: readonly Call[];
  readonly #visited = new Set<string>();
  #furthest: Call | undefined;

  constructor(key: string, calls: readonly Call[]) {
    this.#key = key;
    this.#calls = calls.toSorted((a, b) => a.askedAt - b.askedAt);
  }

  /**
   * Depth first. A place in the search is the first call that has not happened yet, the calls
   * after it that have, and the state.
   */
  run(): Verdict {
    const stack: Place[] = [{ first: 0, done: [], state: NEVER_WRITTEN }];
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      if (this.#isEnd(place)) return { kind: "linearizable" };
      if (this.#visited.size > MAX_STATES) return { kind: "too-large", key: this.#key };
      // The earliest comes last, and is tried first.
      for (const next of this.#nextPlaces(place).reverse()) {
        const name = `${next.first}|${next.done.join(",")}|${next.state.last}`;
        if (this.#visited.has(name)) continue;
        this.#visited.add(name);
        stack.push(next);
      }
    }
    return { kind: "not-linearizable", key: this.#key, stuckAt: this.#furthest };
  }

  /** What is left is of unknown outcome: it need not have happened. */
  #isEnd({ first, done }: Place): boolean {
    return this.#calls.every((call, i) => i < first || done.includes(i) || call.end !== "done");
  }

  #nextPlaces({ first, done, state }: Place): Place[] {
    const places: Place[] = [];
    // Who wrote is counted: a write of unknown outcome only fits where one is missing.
    if (state.writes > this.#leastWritesLeft(first, done)) return places;
    let mustBefore = Infinity;
    for (let i = first; i < this.#calls.length; i++) {
      const call = this.#calls[i] as Call;
      // Asked after another one was answered that has yet to happen.
      if (call.askedAt > mustBefore) break;
      if (done.includes(i)) continue;
      if (call.end === "done") mustBefore = Math.min(mustBefore, call.answeredAt ?? Infinity);
      const after = happen(call, state);
      if (after === undefined) continue;
      if (this.#furthest === undefined || call.askedAt > this.#furthest.askedAt) {
        this.#furthest = call;
      }
      places.push(this.#after({ first, done, state }, i, after));
    }
    return places;
  }

  /** Before which count of writes the next call has to happen that was answered. */
  #leastWritesLeft(first: number, done: readonly number[]): number {
    let least = Infinity;
    for (let i = first; i < this.#calls.length; i++) {
      const { kind, state } = this.#calls[i] as Call;
      if (state === undefined || done.includes(i)) continue;
      least = Math.min(least, kind === "read" ? state.writes : state.writes - 1);
    }
    return least;
  }

  #after({ first, done }: Place, i: number, state: ObjectState): Place {
    const happened = [...done, i].sort((a, b) => a - b);
    let next = first;
    while (happened[0] === next) {
      happened.shift();
      next++;
    }
    return { first: next, done: happened, state };
  }
}

interface Place {
  readonly first: number;
  readonly done: readonly number[];
  readonly state: ObjectState;
}

/** @returns the state after it; undefined where it would have been answered otherwise. */
function happen({ kind, id, state: said }: Call, before: ObjectState): ObjectState | undefined {
  const after = kind === "read" ? before : { writes: before.writes + 1, last: id };
  const fits = said === undefined || (said.writes === after.writes && said.last === after.last);
  return fits ? after : undefined;
}
