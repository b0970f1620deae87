/** Rows that share a key (the tasks of a node, the tasks in a state), each group listed by id. */
import { type Identified, Listing } from "./listing.js";
import type { Index } from "./table.js";

export class GroupIndex<
  Id extends string,
  T extends Identified<Id>,
  Key extends string,
> implements Index<Id, T> {
  readonly #groups = new Map<Key, Group<Id, T>>();
  readonly #keyOf: (row: T) => Key | undefined;

  /** @param keyOf absent for a row that is in no group. */
  constructor(keyOf: (row: T) => Key | undefined) {
    this.#keyOf = keyOf;
  }

  /** Ordered by id. @param get the table's own rows: the index holds ids alone. */
  list(key: Key, get: (id: Id) => T | undefined): readonly T[] {
    const group = this.#groups.get(key);
    return group === undefined ? [] : group.listing.read(group.ids, get);
  }

  size(key: Key): number {
    return this.#groups.get(key)?.ids.size ?? 0;
  }

  /** In no order. */
  ids(key: Key): Iterable<Id> {
    return this.#groups.get(key)?.ids ?? [];
  }

  changed(id: Id, before: T | undefined, after: T | undefined): void {
    const from = before === undefined ? undefined : this.#keyOf(before);
    const to = after === undefined ? undefined : this.#keyOf(after);
    if (from === to) {
      if (to !== undefined) this.#groups.get(to)?.listing.touch(id);
      return;
    }
    if (from !== undefined) this.#leave(from, id);
    if (to !== undefined) this.#join(to, id);
  }

  #join(key: Key, id: Id): void {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { ids: new Set(), listing: new Listing() };
      this.#groups.set(key, group);
    }
    group.ids.add(id);
    group.listing.touch(id);
  }

  #leave(key: Key, id: Id): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    group.ids.delete(id);
    group.listing.touch(id);
    if (group.ids.size === 0) this.#groups.delete(key);
  }
}

interface Group<Id extends string, T extends Identified<Id>> {
  readonly ids: Set<Id>;
  readonly listing: Listing<Id, T>;
}
