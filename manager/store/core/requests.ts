/**
 * The answers to requests that carried an id of their own. The same id again gets the same
 * answer, so that a retry after a lost reply makes no second service and no false
 * conflict. Replicated and bounded.
 */
import type { ErrorCode } from "../../../shared/errors/cluster-error.js";

/**
 * A retry follows its request within seconds, at 2,000 writes a second at most: the newest 10,000
 * cover five seconds of the worst load and hours of the usual one, in 2 MB.
 */
export const REQUESTS_KEPT = 10_000;

export interface RequestOutcome {
  readonly requestId: string;
  /** Of the command that answered it. */
  readonly sequence: number;
  /** Absent where the command was applied. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** The object that the command made, if it made one: the first, where several. */
  readonly objectId?: string;
}

export class Requests {
  /** Oldest first: outcomes arrive in the order of their sequence numbers. */
  readonly #outcomes = new Map<string, RequestOutcome>();
  /**
   * The same, in a ring once it is full: a map finds its oldest entry ever more slowly, the more
   * were removed before it.
   */
  readonly #ring: string[] = [];
  #oldest = 0;

  get(requestId: string): RequestOutcome | undefined {
    return this.#outcomes.get(requestId);
  }

  /** @returns the one forgotten for it, if the table was full. */
  add(outcome: RequestOutcome): RequestOutcome | undefined {
    const { requestId } = outcome;
    this.#outcomes.set(requestId, outcome);
    const oldestId = this.#ring[this.#oldest];
    if (this.#ring.length < REQUESTS_KEPT || oldestId === undefined) {
      this.#ring.push(requestId);
      return undefined;
    }
    this.#ring[this.#oldest] = requestId;
    this.#oldest = (this.#oldest + 1) % REQUESTS_KEPT;
    const oldest = this.#outcomes.get(oldestId);
    this.#outcomes.delete(oldestId);
    return oldest;
  }

  /** Oldest first. */
  values(): IterableIterator<RequestOutcome> {
    return this.#outcomes.values();
  }
}
