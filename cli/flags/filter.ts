/** `--filter key=value`, several times: as the API takes them, `{"key":{"value":true}}`. */
import { BadValueError } from "../errors.js";
import type { Flag, FlagOptions } from "./flag.js";
import { cut } from "./parse-line.js";

export type Filters = Readonly<Record<string, readonly string[]>>;

export function filter(options: FlagOptions = {}): Flag<Filters> {
  return {
    ...options,
    short: "f",
    takes: "filter",
    summary: "Filter output based on conditions provided",
    parse(given, before = {}) {
      if (given === "") return before;
      const [key, value] = cut(given, "=");
      if (value === undefined)
        throw new BadValueError("bad format of filter (expected name=value)");
      return withFilter(before, key.trim().toLowerCase(), value.trim());
    },
  };
}

export function withFilter(filters: Filters, key: string, value: string): Filters {
  return { ...filters, [key]: [...(filters[key] ?? []), value] };
}

/** Undefined when there are none: the parameter is left out. */
export function filterQuery(filters: Filters): string | undefined {
  const entries = Object.entries(filters);
  if (entries.length === 0) return undefined;
  const sets = entries.map(([key, values]) => [
    key,
    Object.fromEntries(values.map((value) => [value, true])),
  ]);
  return JSON.stringify(Object.fromEntries(sets));
}
