/**
 * What is left of a node's generic resources. A thing belongs to its task until the task was seen
 * to end, whatever the node says meanwhile: one that it no longer has is given to nobody else.
 */
import type { GenericDemand, GenericShare } from "../../../shared/model/generic-resources.js";

export class GenericStock {
  #capacity: ReadonlyMap<string, GenericShare> = new Map();
  readonly #counts = new Map<string, number>();
  /** How many tasks hold each name, by kind: more than one only where an agent brought it so. */
  readonly #names = new Map<string, Map<string, number>>();

  become(capacity: readonly GenericShare[]): void {
    this.#capacity = new Map(capacity.map((share) => [share.kind, share]));
  }

  hasRoomFor(demands: readonly GenericDemand[]): boolean {
    return demands.every(({ kind, count }) => this.left(kind) >= count);
  }

  left(kind: string): number {
    const capacity = this.#capacity.get(kind);
    if (capacity?.names !== undefined) return this.#freeNames(kind).length;
    return (capacity?.count ?? 0) - (this.#counts.get(kind) ?? 0);
  }

  /** Whether these very things are there, and free. */
  has(shares: readonly GenericShare[]): boolean {
    return shares.every(({ kind, count, names }) =>
      names === undefined
        ? this.left(kind) >= count
        : names.every((name) => this.#freeNames(kind).includes(name)),
    );
  }

  /** What a task with these demands would get: the first names that are free. */
  choose(demands: readonly GenericDemand[]): readonly GenericShare[] {
    return demands.map(({ kind, count }) => {
      const named = this.#capacity.get(kind)?.names !== undefined;
      return named
        ? { kind, count, names: this.#freeNames(kind).slice(0, count) }
        : { kind, count };
    });
  }

  /** @param change a task has them (1), or gives them back (-1) */
  count(shares: readonly GenericShare[], change: 1 | -1): void {
    for (const { kind, count, names = [] } of shares) {
      add(this.#counts, kind, count * change);
      let held = this.#names.get(kind);
      if (held === undefined) this.#names.set(kind, (held = new Map<string, number>()));
      for (const name of names) add(held, name, change);
    }
  }

  #freeNames(kind: string): readonly string[] {
    const held = this.#names.get(kind);
    const names = this.#capacity.get(kind)?.names ?? [];
    return names.filter((name) => held?.has(name) !== true);
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
