/**
 * Proposals whose outcome is awaited, by the place that their entry got in the log. What stands
 * there once that place is applied tells: the same term, committed; another, dropped for ever.
 */
import { OutcomeUnknownError, ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type { EntryId } from "./core/message.js";
import type { ProposalReceipt } from "./replicated-log.js";

export interface Waiting {
  readonly resolve: (receipt: ProposalReceipt) => void;
  readonly reject: (error: Error) => void;
}

export class PendingProposals {
  /** In the order of their indexes. */
  readonly #waiting = new Map<number, Waiting & { readonly term: number }>();
  /** Of the newest entry that was applied. */
  #term = 0;

  get size(): number {
    return this.#waiting.size;
  }

  add({ index, term }: EntryId, waiting: Waiting): void {
    this.#waiting.get(index)?.reject(dropped());
    this.#waiting.set(index, { ...waiting, term });
  }

  applied({ index, term }: EntryId): void {
    if (term > this.#term) this.#dropBefore(term);
    const waiting = this.#waiting.get(index);
    if (waiting === undefined) return;
    this.#waiting.delete(index);
    if (waiting.term === term) waiting.resolve({ index, term });
    else waiting.reject(dropped());
  }

  /** The proposal at `place` is answered only when what stands at `later` is applied, too. */
  postpone(place: EntryId, later: EntryId): void {
    const waiting = this.#waiting.get(place.index);
    if (waiting?.term !== place.term) return;
    this.#waiting.delete(place.index);
    const { reject } = waiting;
    this.add(later, { resolve: () => waiting.resolve(place), reject });
  }

  /** Nobody here can tell any more what becomes of the proposal at `index`. */
  giveUpAt(index: number, why: Error): void {
    this.#waiting.get(index)?.reject(why);
    this.#waiting.delete(index);
  }

  /** A snapshot took the place of the log up to `index`: what was in it is not to be seen. */
  skippedTo({ index, term }: EntryId): void {
    for (const [at, waiting] of this.#waiting) {
      if (at > index) break;
      this.#waiting.delete(at);
      waiting.reject(new OutcomeUnknownError("a snapshot took the place of the log meanwhile"));
    }
    this.#dropBefore(term);
  }

  /** Terms never fall along the log: behind an entry of `term` there is none of an older one. */
  #dropBefore(term: number): void {
    this.#term = term;
    for (const [at, waiting] of this.#waiting) {
      if (waiting.term >= term) continue;
      this.#waiting.delete(at);
      waiting.reject(dropped());
    }
  }

  /** Nobody here can tell any more what becomes of them. */
  giveUp(why: Error): void {
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}

function dropped(): ProposalDroppedError {
  return new ProposalDroppedError("another leader's entry took the place of the proposal");
}
