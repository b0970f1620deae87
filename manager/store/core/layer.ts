/**
 * Values that are proposed and not committed yet, over those that are. Each key that was written
 * has the chain of its versions in flight, the newest first and the committed one last, so that a
 * command can be taken back and a committed one can leave without the others noticing. Keys
 * nobody writes cost nothing.
 */
import type { Cells } from "./table.js";

/**
 * Commands in flight are counted upwards; a value that is committed was written by none of them.
 */
const COMMITTED = -1;

export interface Version<T> {
  /** Absent where this version removed it. */
  readonly value: T | undefined;
  readonly writer: number;
  /** The one before; the committed version is the last and has none. */
  readonly prior: Version<T> | undefined;
}

/** Told when the chain of a key changes: what an index over a layer needs to know. */
export type ChainListener<Key, T> = (
  key: Key,
  before: Version<T> | undefined,
  after: Version<T> | undefined,
) => void;

export class Layer<Key extends string, T> {
  readonly chains = new Map<Key, Version<T>>();
  readonly #onChain: ChainListener<Key, T> | undefined;
  /** The keys that each command in flight wrote, oldest command first. */
  readonly #written: { readonly writer: number; readonly keys: Key[] }[] = [];

  constructor(onChain?: ChainListener<Key, T>) {
    this.#onChain = onChain;
  }

  /** @param present the value that it replaces. */
  write(key: Key, present: T | undefined, value: T | undefined, writer: number): void {
    const top = this.chains.get(key) ?? { value: present, writer: COMMITTED, prior: undefined };
    const repeated = top.writer === writer;
    if (!repeated) this.#keysOf(writer).push(key);
    this.#setChain(key, { value, writer, prior: repeated ? top.prior : top });
  }

  /** Takes back what the newest command wrote. */
  rollback(writer: number): void {
    if (this.#written.at(-1)?.writer !== writer) return;
    for (const key of this.#written.pop()?.keys ?? []) {
      const prior = this.chains.get(key)?.prior;
      this.#setChain(key, prior?.writer === COMMITTED ? undefined : prior);
    }
  }

  /** The oldest command is committed: what it wrote last is the committed table's now. */
  commit(writer: number): void {
    if (this.#written[0]?.writer !== writer) return;
    for (const key of this.#written.shift()?.keys ?? []) {
      const top = this.chains.get(key);
      if (top === undefined) continue;
      this.#setChain(key, top.writer === writer ? undefined : committedUpTo(writer, top));
    }
  }

  #keysOf(writer: number): Key[] {
    const newest = this.#written.at(-1);
    if (newest?.writer === writer) return newest.keys;
    const keys: Key[] = [];
    this.#written.push({ writer, keys });
    return keys;
  }

  #setChain(key: Key, chain: Version<T> | undefined): void {
    const before = this.chains.get(key);
    if (chain === undefined) this.chains.delete(key);
    else this.chains.set(key, chain);
    this.#onChain?.(key, before, chain);
  }
}

/** The chain with the version of `writer` as its committed end. */
function committedUpTo<T>(writer: number, version: Version<T>): Version<T> {
  if (version.writer === writer)
    return { value: version.value, writer: COMMITTED, prior: undefined };
  if (version.prior === undefined) return version;
  return { ...version, prior: committedUpTo(writer, version.prior) };
}

export class LayerCells<Key extends string, T> implements Cells<Key, T> {
  readonly layer = new Layer<Key, T>();
  readonly #base: Cells<Key, T>;
  readonly #writer: () => number;

  constructor(base: Cells<Key, T>, writer: () => number) {
    this.#base = base;
    this.#writer = writer;
  }

  get(key: Key): T | undefined {
    const chain = this.layer.chains.get(key);
    return chain === undefined ? this.#base.get(key) : chain.value;
  }

  set(key: Key, value: T | undefined): void {
    this.layer.write(key, this.get(key), value, this.#writer());
  }

  *keys(): Iterable<Key> {
    for (const key of this.#base.keys()) if (!this.layer.chains.has(key)) yield key;
    for (const [key, chain] of this.layer.chains) if (chain.value !== undefined) yield key;
  }
}
