/**
 * Listings by id that cost little to keep. Sorting at every change would make a bulk load
 * quadratic, and sorting at every read would make each decision pay for the whole cluster: so a
 * listing is kept as it was last read, and what changed since is merged into it at the next read.
 * Nobody reads: nothing is kept.
 */

export interface Identified<Id extends string> {
  readonly id: Id;
}

/** What is listed now: a `Set` of ids or a `Map` by id. */
export interface Membership<Id extends string> {
  has(id: Id): boolean;
  keys(): IterableIterator<Id>;
}

/** Merging costs less than sorting while fewer than one in this many rows changed. */
const MERGE_FRACTION = 4;
/**
 * Below this many changes the listing is never given up: small ones are
 * rebuilt by merging as cheaply.
 */
const MERGE_ALWAYS = 64;

/** Up to so many changes are made one by one. */
const SPLICED_MAX = 16;

export class Listing<Id extends string, T extends Identified<Id>> {
  #rows: readonly T[] | undefined;
  #stale: Set<Id> | undefined;

  /** A row was added, replaced or removed. */
  touch(id: Id): void {
    if (this.#rows === undefined) return;
    this.#stale ??= new Set();
    this.#stale.add(id);
    if (this.#stale.size < MERGE_ALWAYS) return;
    if (this.#stale.size * MERGE_FRACTION > this.#rows.length) {
      this.#rows = undefined;
      this.#stale = undefined;
    }
  }

  /** Ordered by id. The array is never changed afterwards. */
  read(members: Membership<Id>, get: (id: Id) => T | undefined): readonly T[] {
    if (this.#rows === undefined) this.#rows = sortedRows(members.keys(), get);
    else if (this.#stale !== undefined) {
      this.#rows = mergeById(this.#rows, this.#stale, (id) =>
        members.has(id) ? get(id) : undefined,
      );
    }
    this.#stale = undefined;
    return this.#rows;
  }
}

/**
 * @param rows ordered by id. @param changed ids whose row is now what `get` says, or
 * gone. Looks at few of the rows themselves: at a hundred thousand, reading each one's id
 * costs more than all the rest.
 */
export function mergeById<Id extends string, T extends Identified<Id>>(
  rows: readonly T[],
  changed: Iterable<Id>,
  get: (id: Id) => T | undefined,
): readonly T[] {
  const ids = [...changed].sort();
  return ids.length <= SPLICED_MAX ? spliced(rows, ids, get) : merged(rows, ids, get);
}

/** One at a time on a copy: moving all rows behind one takes less than walking over them. */
function spliced<Id extends string, T extends Identified<Id>>(
  rows: readonly T[],
  ids: readonly Id[],
  get: (id: Id) => T | undefined,
): readonly T[] {
  const copy = rows.slice();
  for (const id of ids) {
    const place = lowerBound(copy, id, 0);
    const row = get(id);
    const present = copy[place]?.id === id;
    if (row === undefined) copy.splice(place, present ? 1 : 0);
    else if (present) copy[place] = row;
    else copy.splice(place, 0, row);
  }
  return copy;
}

/** All in one pass. */
function merged<Id extends string, T extends Identified<Id>>(
  rows: readonly T[],
  ids: readonly Id[],
  get: (id: Id) => T | undefined,
): readonly T[] {
  const all: T[] = [];
  let next = 0;
  for (const id of ids) {
    const place = lowerBound(rows, id, next);
    while (next < place) all.push(rows[next++] as T);
    if (rows[next]?.id === id) next++;
    const row = get(id);
    if (row !== undefined) all.push(row);
  }
  while (next < rows.length) all.push(rows[next++] as T);
  return all;
}

/** The first place from `from` on whose row does not come before `id`. */
function lowerBound<Id extends string>(
  rows: readonly Identified<Id>[],
  id: Id,
  from: number,
): number {
  let [low, high] = [from, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as Identified<Id>).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sortedRows<Id extends string, T>(
  ids: Iterable<Id>,
  get: (id: Id) => T | undefined,
): readonly T[] {
  const rows: T[] = [];
  for (const id of [...ids].sort()) {
    const row = get(id);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}
