/** Values as Go templates see them: what is true, what is equal, how they print. */
import { TemplateError } from "./syntax.js";

/**
 * How the objects of the data behave. A Go struct has certain fields whether they are set or not,
 * and is true even when empty; a map has the keys that it has.
 */
export interface ObjectModel {
  /** @throws TemplateError the object has no such field. */
  field(object: object, name: string): unknown;
  isStruct(object: object): boolean;
}

/** Plain maps: a key that is not there is an error, so that a misspelt one is noticed. */
export const MAPS: ObjectModel = {
  field(object, name) {
    if (Object.hasOwn(object, name)) return (object as Record<string, unknown>)[name];
    throw new TemplateError(`no field "${name}" (there are: ${Object.keys(object).join(", ")})`);
  },
  isStruct: () => false,
};

export function isTrue(value: unknown, model: ObjectModel): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) {
    return model.isStruct(value) || Object.keys(value).length > 0;
  }
  return Boolean(value);
}

/** Go's `%v`. */
export function printed(value: unknown): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(printed).join(" ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, held]) => `${key}:${printed(held)}`).join(" ")}]`;
  }
  // What is left is a number or a switch.
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @throws TemplateError two values that have no order, or not the same one */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new TemplateError(`incompatible types for comparison: ${printed(a)} and ${printed(b)}`);
}

export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || ((a ?? null) === null && (b ?? null) === null);
}

/** What `range` goes through: elements with their indexes, or a map by its sorted keys. */
export function entriesOf(value: unknown): [index: unknown, element: unknown][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((element, index) => [index, element]);
  if (typeof value === "number") return Array.from({ length: value }, (_, index) => [index, index]);
  if (typeof value === "object") {
    return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
  throw new TemplateError(`range can't iterate over ${printed(value)}`);
}
