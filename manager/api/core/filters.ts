/**
 * The `filters` parameter of list requests: JSON, either `{"name":{"web":true}}` or, from old
 * clients, `{"name":["web"]}`. Values of one key are alternatives; keys must all hold.
 */
import { MalformedRequestError } from "./malformed-request.js";

export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * @throws MalformedRequestError for what is no filter at all, and for keys that
 *   this list does not know.
 */
export function parseFilters(text: string | undefined, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === undefined || text === "") return filters;
  for (const [key, held] of Object.entries(parseObject(text))) {
    if (!known.includes(key)) throw new MalformedRequestError(`Invalid filter '${key}'`);
    filters.set(key, valuesOf(held));
  }
  return filters;
}

function parseObject(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new MalformedRequestError("Invalid filter");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new MalformedRequestError("Invalid filter");
  }
  return parsed;
}

/** A value that is mapped to `false` counts, too: Docker looks at the keys alone. */
function valuesOf(held: unknown): readonly string[] {
  if (Array.isArray(held) && held.every((value) => typeof value === "string")) return held;
  if (typeof held === "object" && held !== null && !Array.isArray(held)) {
    if (Object.values(held).every((value) => typeof value === "boolean")) return Object.keys(held);
  }
  throw new MalformedRequestError("Invalid filter");
}

/** A filter that was not given lets everything pass; so does one without values. */
export function passes(filters: Filters, key: string, holds: (value: string) => boolean): boolean {
  const values = filters.get(key) ?? [];
  return values.length === 0 || values.some(holds);
}

/** Labels must all match: `zone` (present) or `zone=east` (equal). */
export function passesLabels(
  filters: Filters,
  key: string,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  return (filters.get(key) ?? []).every((wanted) => {
    const equals = wanted.indexOf("=");
    const name = equals === -1 ? wanted : wanted.slice(0, equals);
    if (!Object.hasOwn(labels, name)) return false;
    const value = equals === -1 ? "" : wanted.slice(equals + 1);
    return value === "" || labels[name] === value;
  });
}

/** @throws MalformedRequestError where a value is none of the words that this key knows. */
export function checkWords(filters: Filters, key: string, words: readonly string[]): void {
  for (const value of filters.get(key) ?? []) {
    if (value !== "" && !words.includes(value.toLowerCase())) {
      throw new MalformedRequestError(`Invalid ${key} filter: '${value}'`);
    }
  }
}

/** For keys whose values are words: in any case, and an empty one asks for nothing. */
export function passesWord(filters: Filters, key: string, word: string): boolean {
  const values = (filters.get(key) ?? []).filter((value) => value !== "");
  return values.length === 0 || values.some((value) => value.toLowerCase() === word);
}
