/**
 * Reads that wait to be linearizable: asked together, one question at a time, asked again where no
 * answer comes (a leader that went away takes the question with it), and served once this member
 * has applied as much as the answer says.
 */
import type { Clock, Timer } from "../../shared/ports/clock.js";
import type { ReadyRead } from "./core/member-state.js";

interface WaitingRead {
  readonly resolve: (index: number) => void;
}

/** By then an answer has come, or the leader is not the leader any more. */
const ASK_AGAIN_MS = 300;

export class PendingReads {
  readonly #clock: Clock;
  readonly #ask: (request: string) => void;
  /** Tells this start's questions from those before: a late answer to them must not pass. */
  readonly #prefix: string;
  #asked = 0;
  /** Came since the question was asked: what it says may be too old for them. */
  #next = new Set<WaitingRead>();
  #current: { readonly request: string; readonly reads: Set<WaitingRead> } | undefined;
  #again: Timer | undefined;
  /** Answered, and waiting for the state to get there. */
  #answered: { readonly index: number; readonly reads: Set<WaitingRead> }[] = [];

  /** @param options.ask see `RaftNode.read`; an answer comes by `answered`, or never. */
  constructor(options: {
    readonly clock: Clock;
    readonly prefix: string;
    readonly ask: (request: string) => void;
  }) {
    this.#clock = options.clock;
    this.#prefix = options.prefix;
    this.#ask = options.ask;
  }

  /** @throws the signal's reason. */
  read(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const read = {
        resolve: (index: number): void => {
          signal.removeEventListener("abort", abort);
          resolve(index);
        },
      };
      const abort = (): void => {
        this.#next.delete(read);
        this.#current?.reads.delete(read);
        for (const { reads } of this.#answered) reads.delete(read);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#next.add(read);
      this.#askNext();
    });
  }

  answered({ request, index }: ReadyRead, appliedIndex: number): void {
    if (this.#current?.request !== request) return;
    const { reads } = this.#current;
    this.#again?.cancel();
    this.#current = undefined;
    this.#answered.push({ index, reads });
    this.applied(appliedIndex);
    this.#askNext();
  }

  applied(index: number): void {
    const ready = this.#answered.filter((answer) => answer.index <= index);
    if (ready.length === 0) return;
    this.#answered = this.#answered.filter((answer) => answer.index > index);
    for (const { reads } of ready) for (const { resolve } of reads) resolve(index);
  }

  close(): void {
    this.#again?.cancel();
  }

  #askNext(): void {
    if (this.#current !== undefined || this.#next.size === 0) return;
    this.#current = { request: this.#newName(), reads: this.#next };
    this.#next = new Set();
    this.#askCurrent();
  }

  #askCurrent(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#again = this.#clock.after(ASK_AGAIN_MS, () => {
      // Everybody who waits by now may share the new question.
      const reads = new Set([...current.reads, ...this.#next]);
      this.#next = new Set();
      this.#current = reads.size === 0 ? undefined : { request: this.#newName(), reads };
      this.#askCurrent();
    });
    this.#ask(current.request);
  }

  #newName(): string {
    this.#asked++;
    return `${this.#prefix}.${this.#asked}`;
  }
}
