/**
 * The state machine of the simulation: objects of which each keeps its last write and how many
 * there were. A write is named by an id that is never used twice, and says which object it is for.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type {
  CommittedEntry,
  Leadership,
  StateMachine,
} from "../../../manager/raft/replicated-log.js";
import type { Facts } from "./facts.js";

/** What a read of an object sees, and what a write leaves there. */
export interface ObjectState {
  readonly writes: number;
  readonly last: string;
}

export const NEVER_WRITTEN: ObjectState = { writes: 0, last: "" };

interface SavedState {
  readonly index: number;
  readonly term: number;
  readonly objects: readonly (readonly [string, ObjectState])[];
}

/** Of a snapshot: small, so that one has several chunks. */
const CHUNK_CHARACTERS = 100;

/** `key` of a write's id: `key/number`. */
function keyOf(id: string): string {
  return id.slice(0, id.indexOf("/"));
}

export class Objects implements StateMachine {
  readonly #id: MemberId;
  readonly #facts: Facts;
  readonly #inTerm: () => number;
  #objects = new Map<string, ObjectState>();
  /** What each write left, of those that this life applied. */
  readonly #results = new Map<string, ObjectState>();
  #hash = 0;
  #index = 0;
  #term = 0;

  /** @param inTerm the term that its manager is in; Infinity where that is not known. */
  constructor(id: MemberId, facts: Facts, inTerm: () => number) {
    this.#id = id;
    this.#facts = facts;
    this.#inTerm = inTerm;
  }

  get index(): number {
    return this.#index;
  }

  get hash(): number {
    return this.#hash;
  }

  read(key: string): ObjectState {
    return this.#objects.get(key) ?? NEVER_WRITTEN;
  }

  resultOf(writeId: string): ObjectState | undefined {
    return this.#results.get(writeId);
  }

  apply(entries: readonly CommittedEntry[]): void {
    for (const entry of entries) {
      const { index, term, data } = entry;
      if (index !== this.#index + 1) {
        const detail = `${this.#id} applied entry ${index} after ${this.#index}`;
        this.#facts.violated("applied exactly once, in order", detail);
      }
      if (term < this.#term) {
        const detail = `${this.#id} applied entry ${index} of term ${term} after ${this.#term}`;
        this.#facts.violated("terms never fall", detail);
      }
      this.#index = index;
      this.#term = term;
      const text = String.fromCharCode(...data);
      this.#facts.applied(this.#id, entry, text, this.#inTerm());
      if (text !== "") this.#write(text);
      this.#facts.stateIs(this.#id, index, this.#hash);
    }
  }

  snapshot(): ReturnType<StateMachine["snapshot"]> {
    const [index, term] = [this.#index, this.#term];
    const state: SavedState = { index, term, objects: [...this.#objects] };
    return { index, term, chunks: chunksOf(JSON.stringify(state)) };
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of chunks) text += String.fromCharCode(...chunk);
    const state = JSON.parse(text) as SavedState;
    if (state.index < this.#index) {
      const detail = `${this.#id} went back from entry ${this.#index} to ${state.index}`;
      this.#facts.violated("applied exactly once, in order", detail);
    }
    this.#index = state.index;
    this.#term = state.term;
    this.#objects = new Map(state.objects);
    this.#hash = 0;
    for (const [key, object] of this.#objects) this.#hash ^= hashOf(key, object);
    this.#facts.stateIs(this.#id, this.#index, this.#hash);
  }

  leadershipChanged(_leadership: Leadership): void {
    // Clients ask the member itself.
  }

  #write(id: string): void {
    const key = keyOf(id);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#hash ^= hashOf(key, before);
    const after = { writes: (before?.writes ?? 0) + 1, last: id };
    this.#hash ^= hashOf(key, after);
    this.#objects.set(key, after);
    this.#results.set(id, after);
  }
}

function* pieces(text: string): Generator<Uint8Array> {
  for (let at = 0; at < text.length; at += CHUNK_CHARACTERS) {
    yield new TextEncoder().encode(text.slice(at, at + CHUNK_CHARACTERS));
  }
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  for (const piece of pieces(text)) {
    await Promise.resolve();
    yield piece;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(key: string, { writes, last }: ObjectState): number {
  const text = `${key}=${writes}:${last}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
