/** The functions of a template: Go's own, and those that Docker adds. */
import { goFormat } from "./go-format.js";
import { TemplateError } from "./syntax.js";
import { compare, isTrue, type ObjectModel, printed, sameValue } from "./values.js";

export type TemplateFunction = (args: readonly unknown[], model: ObjectModel) => unknown;

/** In the headings of a table these leave a column's name as it is. */
export const CHANGING_FUNCTIONS = ["json", "split", "join", "title", "lower", "upper", "truncate"];

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // `and` and `or` are evaluated one by one where they are called; here all is evaluated already.
  not: ([value], model) => !isTrue(value, model),
  eq: ([first, ...others]) => others.some((other) => sameValue(first, other)),
  ne: ([a, b]) => !sameValue(a, b),
  lt: ([a, b]) => compare(a, b) < 0,
  le: ([a, b]) => compare(a, b) <= 0,
  gt: ([a, b]) => compare(a, b) > 0,
  ge: ([a, b]) => compare(a, b) >= 0,
  len: ([value]) => lengthOf(value),
  index: ([value, ...keys]) => keys.reduce(indexed, value),
  slice: ([value, from, to]) => sliceOf(value, from, to),
  print: (args) => args.map(printed).join(" "),
  println: (args) => `${args.map(printed).join(" ")}\n`,
  printf: ([format, ...args]) => goFormat(textOf(format, "printf"), args),
  html: (args) => escapeHtml(args.map(printed).join("")),
  urlquery: (args) => encodeURIComponent(args.map(printed).join("")),

  json: ([value]) => JSON.stringify(value ?? null),
  split: ([value, separator]) => textOf(value, "split").split(textOf(separator, "split")),
  join: ([value, separator]) => joined(value, textOf(separator, "join")),
  title: ([value]) => textOf(value, "title").replace(/(^|\s)\S/g, (start) => start.toUpperCase()),
  lower: ([value]) => textOf(value, "lower").toLowerCase(),
  upper: ([value]) => textOf(value, "upper").toUpperCase(),
  pad: ([value, before, after]) => padded(textOf(value, "pad"), Number(before), Number(after)),
  truncate: ([value, length]) => textOf(value, "truncate").slice(0, Number(length)),
};

function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TemplateError(`${name} wants a text, got ${printed(value)}`);
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw new TemplateError(`len of ${printed(value)}`);
}

function indexed(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) && typeof key === "number") {
    if (key >= 0 && key < value.length) return value[key] as unknown;
    throw new TemplateError(`index out of range: ${key}`);
  }
  if (typeof value === "object" && value !== null && typeof key === "string") {
    // As in Go, a key that a map does not have is empty, not an error.
    return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : "";
  }
  throw new TemplateError(`can't index ${printed(value)} with ${printed(key)}`);
}

function sliceOf(value: unknown, from: unknown, to: unknown): unknown {
  if (typeof value !== "string" && !Array.isArray(value)) {
    throw new TemplateError(`slice of ${printed(value)}`);
  }
  return value.slice(Number(from ?? 0), to === undefined ? undefined : Number(to));
}

function joined(value: unknown, separator: string): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(printed).join(separator);
  if (typeof value === "object") return Object.values(value).map(printed).sort().join(separator);
  throw new TemplateError(`join wants a list, got ${printed(value)}`);
}

function padded(text: string, before: number, after: number): string {
  return text === "" ? text : " ".repeat(before) + text + " ".repeat(after);
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
