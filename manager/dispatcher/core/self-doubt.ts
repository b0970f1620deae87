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
/** Where the rest of the world is well heard, a rack has failed and not the manager. */
const SHORT_DOUBT_MS = 1_000;

export class SelfDoubt {
  #sinceMs: number | undefined;

  /** Whether silent nodes must not be called down yet. */
  holds(hearing: Hearing, nowMs: number): boolean {
    const many = hearing.expected >= FEWEST_NODES && hearing.silent * 3 > hearing.expected;
    if (!many) {
      // One doubt per incident: it ends when all that were silent have returned or gone down.
      if (hearing.silent === 0) this.#sinceMs = undefined;
      return this.#sinceMs !== undefined && this.#within(hearing, nowMs);
    }
    if (hearing.due > 0) this.#sinceMs ??= nowMs;
    return this.#within(hearing, nowMs);
  }

  #within(hearing: Hearing, nowMs: number): boolean {
    const others = hearing.expected - hearing.silent;
    const wellHeard = hearing.quorum === "fresh" && others > 0 && hearing.fresh === others;
    const patienceMs = wellHeard ? SHORT_DOUBT_MS : LONGEST_DOUBT_MS;
    return nowMs - (this.#sinceMs ?? nowMs) < patienceMs;
  }
}
