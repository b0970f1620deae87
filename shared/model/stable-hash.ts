/**
 * A hash of a plain value that depends on what it says, not on the order in which its properties were
 * written: two managers that hold the same object agree on it. For comparing, not for security.
 */

/** Two 32-bit halves: compared, added up and printed, never interpreted. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

export const ZERO_HASH: Hash64 = { high: 0, low: 0 };

/** Two FNV-1a streams with different offsets over a canonical text; collisions need 2^32 objects. */
export function stableHash(value: unknown): Hash64 {
  const text = canonicalText(value);
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ (code + 0x9e), 0x0100_01b3);
  }
  return { high: mix(high), low: mix(low ^ (high >>> 15)) };
}

/** 16 hexadecimal digits. */
export function hashText(hash: Hash64): string {
  return hash.high.toString(16).padStart(8, "0") + hash.low.toString(16).padStart(8, "0");
}

/** Sum modulo 2^32 in each half: the hash of a set does not depend on the order of its members. */
export function addHash(a: Hash64, b: Hash64): Hash64 {
  return { high: (a.high + b.high) >>> 0, low: (a.low + b.low) >>> 0 };
}

export function subtractHash(a: Hash64, b: Hash64): Hash64 {
  return { high: (a.high - b.high) >>> 0, low: (a.low - b.low) >>> 0 };
}

/** JSON with sorted keys; a property that is `undefined` is absent, as it is on disk. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (value === undefined) return "null"; // as JSON has it in an array
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`);
  return `{${entries.join(",")}}`;
}

/** The finisher of MurmurHash3: spreads the last characters over all bits. */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
