/**
 * Adding to and taking from the lists of a spec. What is changed comes out sorted where order has
 * no meaning, so that the same list written differently restarts no task.
 */
import { toMap } from "../../flags/key-values.js";
import { cut } from "../../flags/parse-line.js";

export interface Edit<T> {
  readonly add?: readonly T[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** Neither flag was given: the list stays as it is, and in its order. */
function isIdle({ add, remove }: Edit<unknown>): boolean {
  return add === undefined && remove === undefined;
}

/** Taking away first, so that the same key can be given a new value. */
export function editMap(
  before: Readonly<Record<string, string>> | undefined,
  edit: Edit<string>,
): Record<string, string> | undefined {
  if (isIdle(edit)) return before;
  const gone = new Set(edit.remove);
  const kept = Object.entries(before ?? {}).filter(([key]) => !gone.has(key));
  return { ...Object.fromEntries(kept), ...toMap(edit.add ?? []) };
}

/** Adding first: what is taken away as well is gone. */
export function editSet(
  before: readonly string[] | undefined,
  { add = [], remove = [] }: Edit<string>,
): string[] {
  const all = new Set([...(before ?? []), ...add]);
  return [...all].filter((entry) => !remove.includes(entry)).toSorted();
}

/** By its key an entry is replaced, keeping its place, or taken away. */
export function editByKey<T>(
  before: readonly T[] | undefined,
  keyOf: (entry: T) => string,
  { add = [], remove = [] }: Edit<T>,
): T[] {
  const byKey = new Map((before ?? []).map((entry) => [keyOf(entry), entry]));
  for (const key of remove) byKey.delete(key);
  for (const entry of add) byKey.set(keyOf(entry), entry);
  return [...byKey.values()];
}

/** `NAME=value` or `NAME` → `NAME` */
export function keyOfPair(pair: string): string {
  return cut(pair, "=")[0];
}

/** The result of `edit`, or nothing to change when neither of its flags was given. */
export function ifEdited<T, R>(edit: Edit<T>, result: (edit: Edit<T>) => R): R | undefined {
  return isIdle(edit) ? undefined : result(edit);
}
