/** Flags whose value is an amount with a unit: a length of time, bytes, processors. */
import { BadValueError } from "../errors.js";
import { type Flag, type FlagOptions, single } from "./flag.js";

const NS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3, // the micro sign
  "\u03bcs": 1e3, // the Greek letter
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const DURATION_PART = /(\d+\.?\d*|\.\d+)([a-z\u00b5\u03bc]+)/gy;
const BYTES = /^(\d+\.?\d*|\.\d+) ?([a-z]*)$/i;
const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

const NANO_DIGITS = 9;

export function duration(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("duration", summary, parseDuration, options);
}

export function positiveDuration(summary: string, options: FlagOptions = {}): Flag<number> {
  const parse = (given: string): number => {
    const durationNs = parseDuration(given);
    if (durationNs < 0) throw new BadValueError("duration cannot be negative");
    return durationNs;
  };
  return single("duration", summary, parse, options);
}

export function bytes(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("bytes", summary, parseBytes, options);
}

export function cpus(summary: string, options: FlagOptions = {}): Flag<number> {
  return single("decimal", summary, parseNanoCpus, options);
}

/**
 * Nanoseconds in Go's notation: `10s`, `1m30s`, `1.5h`, `-1s`, `0`.
 *
 * @throws BadValueError
 */
function parseDuration(given: string): number {
  const text = given.replace(/^[+-]/, "");
  if (text === "0") return 0;
  let totalNs = 0;
  let end = 0;
  for (const part of text.matchAll(DURATION_PART)) {
    const perUnitNs = NS_PER_UNIT[part[2] ?? ""];
    if (perUnitNs === undefined) {
      throw new BadValueError(`unknown unit "${part[2] ?? ""}" (use ns, us, ms, s, m or h)`);
    }
    totalNs += Number(part[1]) * perUnitNs;
    end = part.index + part[0].length;
  }
  if (/^(\d+\.?\d*|\.\d+)$/.test(text)) {
    throw new BadValueError(`missing unit in duration (write ${text}s for seconds)`);
  }
  if (text === "" || end !== text.length) {
    throw new BadValueError("must be a duration such as 10s or 1m30s");
  }
  const rounded = Math.round(totalNs);
  if (!Number.isSafeInteger(rounded)) throw new BadValueError("is too long a time");
  return given.startsWith("-") ? -rounded : rounded;
}

/**
 * Bytes in Docker's notation: `64m`, `1.5g`, `512 KiB`; all units are powers of 1,024.
 *
 * @throws BadValueError
 */
export function parseBytes(given: string): number {
  const [, amount = "", suffix = ""] = BYTES.exec(given) ?? [];
  if (amount === "") throw new BadValueError("must be a size such as 64m or 1.5g");
  const unit = suffix.toLowerCase();
  const letter = /^([kmgtp]?)(i?b)?$/.exec(unit)?.[1];
  // "ib" alone is no unit: the i belongs to a letter before it.
  const perUnit = letter === undefined || unit === "ib" ? undefined : BYTES_PER_UNIT[letter];
  if (perUnit === undefined) {
    throw new BadValueError(`invalid suffix: '${unit}' (use b, k, m, g, t or p)`);
  }
  const size = Math.trunc(Number(amount) * perUnit);
  if (!Number.isSafeInteger(size)) throw new BadValueError("is too large a size");
  return size;
}

/**
 * Billionths of a processor from a decimal (`0.5`, `2`, `1e-1`) or a fraction (`1/4`).
 *
 * @throws BadValueError
 */
function parseNanoCpus(given: string): number {
  const [, whole, numerator, denominator] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$|^([+-]?\d+)\/(\d+)$/i.exec(given) ?? [];
  if (whole !== undefined) return exact(scaled(whole));
  if (numerator === undefined || Number(denominator) === 0) {
    throw new BadValueError("must be a number of processors such as 0.5 or 2");
  }
  return exact((Number(numerator) * 10 ** NANO_DIGITS) / Number(denominator));
}

/** Shifts the decimal point in the text: `0.1 * 1e9` is exact, `0.29 * 1e9` is not. */
function scaled(decimal: string): number {
  const [mantissa = "", exponent = "0"] = decimal.toLowerCase().split("e");
  return Number(`${mantissa}e${Number(exponent) + NANO_DIGITS}`);
}

function exact(nanoCpus: number): number {
  if (!Number.isInteger(nanoCpus)) throw new BadValueError("value is too precise");
  if (!Number.isSafeInteger(nanoCpus)) throw new BadValueError("is too large");
  return nanoCpus;
}
