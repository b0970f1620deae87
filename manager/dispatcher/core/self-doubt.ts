/**
 * When many nodes fall silent at once, it is mostly not they who failed: it is the manager
 * that hears nothing. It then waits before it calls them down, so that a cut cable does not
 * move the whole cluster's tasks.
 */

export interface Hearing {
  /** Nodes that should be heard. */
  readonly expected: number;
  /** Of these: silent up to their limit. */
  readonly due: number;
  /** These, and those that are within one heartbeat of it: they fell silent together. */
  readonly silent: number;
  /** The rest: how many of them were heard within their last two heartbeats. */
  readonly fresh: number;
  /** Whether the other managers were heard lately: `fresh` also where there are none. */
  readonly quorum: "fresh" | "stale";
}

/** In a smaller cluster a third is one node, and one node may fail. */
const FEWEST_NODES = 6;
const LONGEST_DOUBT_MS = 5_000;
/**
 * Where the rest of the world, at least half of it, is well heard all along, a rack has failed and
 * not the manager. (Less than half may be no more than the manager's own host.)
 */
const SHORT_DOUBT_MS = 1_000;
/**
 * Where it is well heard again, it was the manager: who is not back with the others may be on the
 * way for a second and a little more.
 */
const RETURN_MS = 2_000;

export class SelfDoubt {
  /** Since when it doubts. */
  #sinceMs: number | undefined;
  /** Since when those that are not silent have been well heard without a break. */
  #wellHeardSinceMs: number | undefined;
  /** When more than a third were last missed. */
  #missedMs = Number.NEGATIVE_INFINITY;

  /** Whether silent nodes must not be called down yet. */
  holds(hearing: Hearing, nowMs: number): boolean {
    const { due, expected, fresh, silent } = hearing;
    if (isWellHeard(hearing)) this.#wellHeardSinceMs ??= nowMs;
    else this.#wellHeardSinceMs = undefined;
    if (isManyOf(expected - fresh, expected)) this.#missedMs = nowMs;
    // One doubt per incident: it ends when all that were silent have returned or gone down.
    if (silent === 0) this.#sinceMs = undefined;
    if (due > 0 && this.#isSuspicious(hearing, nowMs)) this.#sinceMs ??= nowMs;
    return this.#sinceMs !== undefined && nowMs < this.#untilMs(hearing, this.#sinceMs);
  }

  #isSuspicious({ silent, expected }: Hearing, nowMs: number): boolean {
    return isManyOf(silent, expected) || nowMs - this.#missedMs < RETURN_MS;
  }

  #untilMs({ silent, expected }: Hearing, sinceMs: number): number {
    const longestMs = sinceMs + LONGEST_DOUBT_MS;
    const shortMs = sinceMs + SHORT_DOUBT_MS;
    if (!isManyOf(silent, expected)) {
      return Math.min(longestMs, Math.max(shortMs, this.#missedMs + RETURN_MS));
    }
    const wellMs = this.#wellHeardSinceMs;
    if (wellMs === undefined) return longestMs;
    return wellMs <= sinceMs ? shortMs : Math.min(longestMs, wellMs + RETURN_MS);
  }
}

function isManyOf(count: number, expected: number): boolean {
  return expected >= FEWEST_NODES && count * 3 > expected;
}

function isWellHeard({ expected, silent, fresh, quorum }: Hearing): boolean {
  const others = expected - silent;
  return quorum === "fresh" && others * 2 >= expected && fresh === others;
}
