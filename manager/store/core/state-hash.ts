/**
 * A hash of the whole replicated state, kept as it changes: managers at the same sequence number
 * have the same one. It is the sum of its objects' hashes, so an object that changes is subtracted
 * and added again. That is put off until somebody asks, or until much has gathered: most objects
 * change several times first.
 */
import { HashSum } from "../../../shared/model/stable-hash.js";
import type { StoreEvent } from "./change.js";
import type { RequestOutcome } from "./requests.js";

/**
 * Changed objects that may wait to be hashed: asking then takes some 20 ms at most, and the old
 * versions that are held for it some 10 MB.
 */
const WAITING_MAX = 8_192;

/** Hashed at once when too many wait: a little more than one command usually adds. */
const FOLDED_AT_ONCE = 256;

const HASHED_TYPES = [
  "cluster",
  "node",
  "network",
  "service",
  "revision",
  "task",
  "attachment",
  "request",
] as const;
type HashedType = (typeof HASHED_TYPES)[number];

interface Waiting {
  /** As it is in the sum now; absent if it is not in it. */
  readonly counted: object | undefined;
  /** As it should be. */
  present: object | undefined;
}

export class StateHash {
  readonly #sum = new HashSum();
  /** By type and key; within a type, what has waited longest comes first. */
  readonly #waiting: Readonly<Record<HashedType, Map<string, Waiting>>> = {
    cluster: new Map(),
    node: new Map(),
    network: new Map(),
    service: new Map(),
    revision: new Map(),
    task: new Map(),
    attachment: new Map(),
    request: new Map(),
  };

  note(events: readonly StoreEvent[]): void {
    for (const event of events) this.#change(event.type, keyOf(event), event.before, event.after);
    for (const type of HASHED_TYPES)
      while (this.#waiting[type].size > WAITING_MAX) this.#fold(type, FOLDED_AT_ONCE);
  }

  noteRequest(added: RequestOutcome, forgotten: RequestOutcome | undefined): void {
    this.#change("request", added.requestId, undefined, added);
    if (forgotten !== undefined) this.#change("request", forgotten.requestId, forgotten, undefined);
  }

  /** 16 hexadecimal digits. */
  text(): string {
    for (const type of HASHED_TYPES) this.#fold(type, this.#waiting[type].size);
    return this.#sum.text();
  }

  #change(
    type: HashedType,
    key: string,
    before: object | undefined,
    after: object | undefined,
  ): void {
    const waiting = this.#waiting[type].get(key);
    if (waiting === undefined) this.#waiting[type].set(key, { counted: before, present: after });
    else waiting.present = after;
  }

  #fold(type: HashedType, count: number): void {
    let left = count;
    for (const [key, { counted, present }] of this.#waiting[type]) {
      if (left-- === 0) return;
      this.#waiting[type].delete(key);
      if (counted !== undefined) this.#sum.subtract(type, counted);
      if (present !== undefined) this.#sum.add(type, present);
    }
  }
}

function keyOf(event: StoreEvent): string {
  if (event.type !== "revision") return (event.after ?? event.before)?.id ?? "";
  const revision = event.after ?? event.before;
  return `${revision?.serviceId ?? ""}/${revision?.number ?? 0}`;
}
