/**
 * Reads that wait until a quorum has said that this leader still leads: then everything that was
 * committed anywhere before the read was asked for is at most at the index noted with it (thesis,
 * 6.4). A heartbeat carries the number of the newest read; its reply confirms that and all before.
 */
import type { MemberId } from "./member-id.js";
import { type Electorate, reachedByQuorum } from "./quorum.js";

export interface ReadRequest {
  readonly from: MemberId;
  readonly request: string;
}

interface WaitingRead extends ReadRequest {
  readonly number: number;
  readonly index: number;
}

export class ReadRequests {
  /** In the order of their numbers; one of each member at most. */
  #waiting: WaitingRead[] = [];
  /** Before the term's first commit nobody knows what is committed. One of each member at most. */
  #tooEarly: ReadRequest[] = [];
  #newest = 0;
  readonly #confirmed = new Map<MemberId, number>();

  /** A number of the newest waiting read, for the next heartbeats; 0 where none waits. */
  get newest(): number {
    return this.#waiting.at(-1)?.number ?? 0;
  }

  /** Whoever asks again has given up on the request before. */
  add(read: ReadRequest, committedIndex: number): void {
    this.#newest++;
    this.#waiting = [
      ...this.#waiting.filter(({ from }) => from !== read.from),
      { ...read, number: this.#newest, index: committedIndex },
    ];
  }

  postpone(read: ReadRequest): void {
    this.#tooEarly = [...this.#tooEarly.filter(({ from }) => from !== read.from), read];
  }

  takePostponed(): readonly ReadRequest[] {
    const reads = this.#tooEarly;
    this.#tooEarly = [];
    return reads;
  }

  confirm(by: MemberId, number: number): void {
    this.#confirmed.set(by, Math.max(number, this.#confirmed.get(by) ?? 0));
  }

  /** Those that a quorum has confirmed by now. */
  takeConfirmed(electorate: Electorate): readonly (ReadRequest & { readonly index: number })[] {
    if (this.#waiting.length === 0) return [];
    const upTo = reachedByQuorum(electorate, (id) => this.#confirmed.get(id));
    const open = this.#waiting.findIndex(({ number }) => number > upTo);
    return this.#waiting.splice(0, open === -1 ? this.#waiting.length : open);
  }
}
