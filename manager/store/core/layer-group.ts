/**
 * One index over a layer: which of the rows in flight have, or had, a key. It is built
 * at the first question and kept until nothing is in flight: most commands only look up
 * ids, and pay nothing for it.
 */
import type { Version } from "./layer.js";
import { type Identified, mergeById } from "./listing.js";

const NONE: ReadonlySet<never> = new Set();

export class LayerGroup<Id extends string, T extends Identified<Id>> {
  readonly #chains: ReadonlyMap<Id, Version<T>>;
  readonly #keyOf: (row: T) => string | undefined;
  /** Under each key the rows of which some version, in flight or committed, has it. */
  #touched: Map<string, Set<Id>> | undefined;

  constructor(chains: ReadonlyMap<Id, Version<T>>, keyOf: (row: T) => string | undefined) {
    this.#chains = chains;
    this.#keyOf = keyOf;
  }

  /** @param committed the committed rows with that key, ordered by id. */
  over(key: string, committed: readonly T[]): readonly T[] {
    const touched = this.touched(key);
    if (touched.size === 0) return committed;
    return mergeById(committed, touched, (id) => {
      const row = this.#chains.get(id)?.value;
      return row !== undefined && this.#keyOf(row) === key ? row : undefined;
    });
  }

  /**
   * Rows that have or had the key: all whose committed row may differ from the present one in it.
   */
  touched(key: string): ReadonlySet<Id> {
    if (this.#chains.size === 0) return NONE;
    this.#touched ??= this.#build();
    return this.#touched.get(key) ?? NONE;
  }

  chainChanged(id: Id, before: Version<T> | undefined, after: Version<T> | undefined): void {
    if (this.#touched === undefined) return;
    if (this.#chains.size === 0) {
      this.#touched = undefined;
      return;
    }
    // Writing adds a version on top of those there were: only its key can be new.
    if (before !== undefined && after?.prior === before)
      this.#enter(id, after.value, this.#touched);
    else {
      for (let at = before; at !== undefined; at = at.prior) this.#leave(id, at.value);
      for (let at = after; at !== undefined; at = at.prior)
        this.#enter(id, at.value, this.#touched);
    }
  }

  #build(): Map<string, Set<Id>> {
    const touched = new Map<string, Set<Id>>();
    for (const [id, chain] of this.#chains)
      for (let at: Version<T> | undefined = chain; at !== undefined; at = at.prior)
        this.#enter(id, at.value, touched);
    return touched;
  }

  #enter(id: Id, row: T | undefined, touched: Map<string, Set<Id>>): void {
    const key = row === undefined ? undefined : this.#keyOf(row);
    if (key === undefined) return;
    const ids = touched.get(key);
    if (ids === undefined) touched.set(key, new Set([id]));
    else ids.add(id);
  }

  #leave(id: Id, row: T | undefined): void {
    const key = row === undefined ? undefined : this.#keyOf(row);
    if (key === undefined) return;
    const ids = this.#touched?.get(key);
    if (ids?.delete(id) === true && ids.size === 0) this.#touched?.delete(key);
  }
}
