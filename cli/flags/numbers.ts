/** Flags whose value is a number or a switch, by the rules of Go's `strconv`. */
import { BadValueError } from "../errors.js";
import { type Flag, type FlagOptions, single } from "./flag.js";

/** Go's `ParseBool`. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** Decimal, or with a prefix: `0x1f`, `0o17`, `0b11`, `017`; Go also allows `_` between digits. */
const GO_INTEGER = /^[+-]?(0x[\da-f_]+|0o?[0-7_]+|0b[01_]+|[1-9][\d_]*|0)$/i;
const DECIMAL_INTEGER = /^[+-]?\d+$/;
const GO_FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function toggle(summary: string, options: FlagOptions = {}): Flag<boolean> {
  return { ...options, summary, parse: parseBoolean };
}

export function uint(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("uint", summary, parseUint, options);
}

export function int(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("int", summary, parseInt64, options);
}

export function float(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("float", summary, parseFloat64, options);
}

export function parseBoolean(text: string): boolean {
  const value = TRUTHS.get(text);
  if (value === undefined) throw new BadValueError("must be true or false");
  return value;
}

export function parseUint(text: string): number {
  if (!GO_INTEGER.test(text) || /^[+-]/.test(text)) {
    throw new BadValueError("must be a whole number of 0 or more");
  }
  return safe(goInteger(text));
}

function parseInt64(text: string): number {
  if (!GO_INTEGER.test(text)) throw new BadValueError("must be a whole number");
  return safe(goInteger(text));
}

/** Without the prefixes that a flag's number may have: the parts of a port or of a limit. */
export function parseDecimal(text: string): number | undefined {
  return DECIMAL_INTEGER.test(text) ? Number(text) : undefined;
}

function parseFloat64(text: string): number {
  if (!GO_FLOAT.test(text)) throw new BadValueError("must be a number");
  return Number(text);
}

function goInteger(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[+-]/, "").replaceAll("_", "");
  const octal = /^0o?([0-7]+)$/i.exec(digits);
  return sign * (octal?.[1] === undefined ? Number(digits) : Number.parseInt(octal[1], 8));
}

/** JSON numbers are exact only so far; nothing counted by a service comes near. */
function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new BadValueError("is too large");
  return value;
}
