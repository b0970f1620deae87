/**
 * Which manager to turn to next, and when. The one that last answered first, then the others in an
 * order of chance, so that the agents of a manager that died spread over the rest; a pause only
 * after all were asked in vain.
 */
import type { Random } from "../../shared/ports/random.js";

/** First pause after a round in vain, doubled with each further one. */
const PAUSE_FIRST_MS = 100;
/** Longest pause: an agent is back within a second of its manager. */
const PAUSE_LIMIT_MS = 900;
/** Before turning to the next: a thousand agents must not come in the same millisecond. */
const SPREAD_MS = 100;
/**
 * First time for a manager to say a word in whose host took the connection: it is there, and a
 * thousand may have come at once. Doubled each time that it said none, for one that is that slow.
 */
const WORD_FIRST_MS = 3_000;
const WORD_LIMIT_MS = 12_000;
/**
 * A lone manager that falls silent while its host takes connections is short of time: a thousand
 * agents that all turn away and back cost it more than they did before. So each silence doubles the
 * patience with the next, up to this.
 */
const PATIENCE_LIMIT = 8;
/**
 * Where there are others, they are asked as soon as one is silent, and its session is kept for so
 * much longer than usual: it may only have stood still.
 */
const PATIENCE_WITH_ONE_OF_SEVERAL = 3;

export interface Attempt {
  /** `host:port` */
  readonly address: string;
  readonly delayMs: number;
  /** From the beginning of the session until the manager's first word. */
  readonly wordLimitMs: number;
  /** How much longer than usual the manager may be silent. */
  readonly patience: number;
}

export class ManagerSearch {
  readonly #random: Random;
  readonly #candidates: () => readonly string[];
  readonly #managers: () => number;
  #round: string[] = [];
  #rounds = 0;
  /** How often each took the connection and said nothing. */
  readonly #unanswered = new Map<string, number>();
  #patience = 1;
  #last: string | undefined;

  /**
   * @param candidates where managers are known to be now, `host:port`; one may have several
   * @param managers how many there are
   */
  constructor(random: Random, candidates: () => readonly string[], managers: () => number) {
    this.#random = random;
    this.#candidates = candidates;
    this.#managers = managers;
  }

  /** There is nobody else to ask. */
  get isLone(): boolean {
    return this.#managers() <= 1;
  }

  /** @returns undefined where no manager is known at all. */
  next(): Attempt | undefined {
    let delayMs = this.#random.below(SPREAD_MS);
    if (this.#round.length === 0) {
      this.#round = this.#shuffled();
      const pauseMs = Math.min(PAUSE_LIMIT_MS, PAUSE_FIRST_MS * 2 ** (this.#rounds - 1));
      if (this.#rounds > 0) delayMs = pauseMs / 2 + this.#random.below(pauseMs / 2);
      this.#rounds++;
    }
    const address = this.#round.shift();
    if (address === undefined) return undefined;
    return {
      address,
      delayMs,
      wordLimitMs: this.#wordLimitMs(address),
      patience: this.#patienceNow(),
    };
  }

  /** The manager took the connection, and no word came in time. */
  unanswered(address: string): void {
    this.#unanswered.set(address, (this.#unanswered.get(address) ?? 0) + 1);
  }

  /**
   * The manager last found was silent for too long, and yet its host takes connections.
   * @returns the patience with it.
   */
  overloaded(): number {
    this.#patience = Math.min(PATIENCE_LIMIT, 2 * this.#patience);
    return this.#patienceNow();
  }

  /** A session lasted: whatever was the matter is over. */
  lasted(): void {
    this.#patience = 1;
  }

  /** The manager at `address` answered: the next search begins anew. */
  found(address: string): void {
    this.#last = address;
    this.#round = [];
    this.#rounds = 0;
    this.#unanswered.clear();
  }

  /** The session with the manager last found broke: it is asked last, for it may be gone. */
  lost(): void {
    this.#round = this.#shuffled();
    const last = this.#last;
    if (last === undefined || !this.#round.includes(last)) return;
    this.#round = [...this.#round.filter((address) => address !== last), last];
    this.#rounds = 1;
  }

  #wordLimitMs(address: string): number {
    return Math.min(WORD_LIMIT_MS, WORD_FIRST_MS * 2 ** (this.#unanswered.get(address) ?? 0));
  }

  #patienceNow(): number {
    return this.isLone ? this.#patience : PATIENCE_WITH_ONE_OF_SEVERAL;
  }

  #shuffled(): string[] {
    const addresses = [...new Set(this.#candidates())];
    for (let i = addresses.length - 1; i > 0; i--) {
      const other = this.#random.below(i + 1);
      const [a, b] = [addresses[i], addresses[other]];
      if (a !== undefined && b !== undefined) [addresses[i], addresses[other]] = [b, a];
    }
    return addresses;
  }
}
