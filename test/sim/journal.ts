/** The simplest state machine: it remembers every line, in order. */
import type {
  CommittedEntry,
  Leadership,
  StateMachine,
} from "../../manager/raft/replicated-log.js";
import { assert } from "../../shared/errors/assert.js";

interface JournalState {
  readonly index: number;
  readonly term: number;
  readonly lines: readonly string[];
}

/** Characters of state to a chunk of a snapshot: small, so that a snapshot has several. */
const CHUNK_LENGTH = 64;

export class Journal implements StateMachine {
  lines: string[] = [];
  readonly leaderships: Leadership[] = [];
  /** Awaited between the chunks of a snapshot. */
  betweenChunks: () => Promise<void> = () => Promise.resolve();
  #index = 0;
  #term = 0;

  apply(entries: readonly CommittedEntry[]): void {
    for (const { index, term, data } of entries) {
      assert(index === this.#index + 1, `entry ${index} applied after ${this.#index}`);
      assert(term >= this.#term, `term ${term} after ${this.#term}`);
      this.#index = index;
      this.#term = term;
      if (data.length > 0) this.lines.push(new TextDecoder().decode(data));
    }
  }

  snapshot(): ReturnType<StateMachine["snapshot"]> {
    const [index, term] = [this.#index, this.#term];
    const state: JournalState = { index, term, lines: this.lines.slice() };
    return { index, term, chunks: this.#chunks(JSON.stringify(state)) };
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
    const state = JSON.parse(text) as JournalState;
    this.#index = state.index;
    this.#term = state.term;
    this.lines = [...state.lines];
  }

  leadershipChanged(leadership: Leadership): void {
    this.leaderships.push(leadership);
  }

  async *#chunks(text: string): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += CHUNK_LENGTH) {
      await this.betweenChunks();
      yield new TextEncoder().encode(text.slice(at, at + CHUNK_LENGTH));
    }
  }
}
