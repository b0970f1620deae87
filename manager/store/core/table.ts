/**
 * The two forms of storage that the state is made of: rows with an id of their own, and cells under
 * a key. Both are plain mutable maps; the values in them are never changed, only replaced, so
 * whoever holds one holds it as it was.
 */
import { type Identified, Listing } from "./listing.js";

/** Rows by id. `Table` is the committed one, `LayerTable` the speculative one on top of it. */
export interface Rows<Id extends string, T extends Identified<Id>> {
  readonly size: number;
  get(id: Id): T | undefined;
  /** Ordered by id. */
  all(): readonly T[];
  /**
   * `before` is the present row, absent for a new one; `after` the one to be, absent to remove it.
   */
  put(id: Id, before: T | undefined, after: T | undefined): void;
}

/** Single values by key, without an order. */
export interface Cells<Key extends string, T> {
  get(key: Key): T | undefined;
  set(key: Key, value: T | undefined): void;
  keys(): Iterable<Key>;
}

/** Kept beside a table's rows, told of each change. */
export interface Index<Id extends string, T> {
  changed(id: Id, before: T | undefined, after: T | undefined): void;
}

export class Table<Id extends string, T extends Identified<Id>> implements Rows<Id, T> {
  readonly #rows = new Map<Id, T>();
  readonly #listing = new Listing<Id, T>();
  readonly #indexes: readonly Index<Id, T>[];
  readonly #get = (id: Id): T | undefined => this.#rows.get(id);

  constructor(indexes: readonly Index<Id, T>[] = []) {
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: Id): T | undefined {
    return this.#rows.get(id);
  }

  all(): readonly T[] {
    return this.#listing.read(this.#rows, this.#get);
  }

  /** In no order: for whoever visits every row anyway. */
  values(): IterableIterator<T> {
    return this.#rows.values();
  }

  put(id: Id, before: T | undefined, after: T | undefined): void {
    if (after === undefined) this.#rows.delete(id);
    else this.#rows.set(id, after);
    this.#listing.touch(id);
    for (const index of this.#indexes) index.changed(id, before, after);
  }
}

export class CellTable<Key extends string, T> implements Cells<Key, T> {
  readonly #cells = new Map<Key, T>();

  get(key: Key): T | undefined {
    return this.#cells.get(key);
  }

  set(key: Key, value: T | undefined): void {
    if (value === undefined) this.#cells.delete(key);
    else this.#cells.set(key, value);
  }

  keys(): Iterable<Key> {
    return this.#cells.keys();
  }

  values(): IterableIterator<T> {
    return this.#cells.values();
  }
}
