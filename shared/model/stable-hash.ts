/**
 * A hash of a plain value that depends on what it says, not on the order in which its properties
 * were written: two managers that hold the same object agree on it. For comparing, not for
 * security.
 */

/** Two 32-bit halves: compared, added up and printed, never interpreted. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/**
 * Two FNV-1a streams with different primes; collisions need 2^32 objects. Members of an object are
 * hashed one by one and added up, so that nothing has to be sorted or written out: this runs for
 * every change of the state.
 */
export function stableHash(value: unknown): Hash64 {
  digest.begin();
  digest.value(value);
  return { high: digest.high >>> 0, low: digest.low >>> 0 };
}

/** The hash of a set: the sum of its members', which does not depend on their order. */
export class HashSum {
  #high = 0;
  #low = 0;

  /** @param kind told apart from equal values of another kind. */
  add(kind: string, value: unknown): void {
    digest.begin();
    digest.value(kind);
    digest.value(value);
    this.#high = (this.#high + digest.high) | 0;
    this.#low = (this.#low + digest.low) | 0;
  }

  subtract(kind: string, value: unknown): void {
    digest.begin();
    digest.value(kind);
    digest.value(value);
    this.#high = (this.#high - digest.high) | 0;
    this.#low = (this.#low - digest.low) | 0;
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return hashText({ high: this.#high >>> 0, low: this.#low >>> 0 });
  }
}

/** 16 hexadecimal digits. */
export function hashText(hash: Hash64): string {
  return hash.high.toString(16).padStart(8, "0") + hash.low.toString(16).padStart(8, "0");
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

/** What a value begins with, so that `"1"`, `1`, `[1]` and `{"1": …}` differ. */
const KIND = { null: 1, false: 2, true: 3, number: 4, string: 5, array: 6, object: 7 } as const;

/** FNV's own, and any other; as signed words, which V8 keeps out of the heap. */
const OFFSET_HIGH = 0x811c9dc5 | 0;
const OFFSET_LOW = 0x050c5d1f;
const PRIME_HIGH = 0x0100_0193;
const PRIME_LOW = 0x0100_01b3;

/** The two halves of a number's bits. */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

class Digest {
  #high = OFFSET_HIGH;
  #low = OFFSET_LOW;

  begin(): void {
    this.#high = OFFSET_HIGH;
    this.#low = OFFSET_LOW;
  }

  /** Signed, as all words here. */
  get high(): number {
    return mix(this.#high);
  }

  get low(): number {
    return mix(this.#low ^ (this.#high >>> 15));
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#text(KIND.string, value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.#word(value ? KIND.true : KIND.false);
    else if (Array.isArray(value)) this.#array(value);
    else if (typeof value === "object" && value !== null) this.#object(value);
    else this.#word(KIND.null); // as JSON has `undefined` in an array
  }

  #array(values: readonly unknown[]): void {
    this.#word(KIND.array);
    this.#word(values.length);
    for (const value of values) this.value(value);
  }

  #object(object: object): void {
    const outerHigh = this.#high;
    const outerLow = this.#low;
    let high = 0;
    let low = 0;
    for (const key in object) {
      const value = (object as Readonly<Record<string, unknown>>)[key];
      if (value === undefined) continue; // absent, as it is on disk
      this.begin();
      this.#text(KIND.object, key);
      this.value(value);
      high = (high + this.high) | 0;
      low = (low + this.low) | 0;
    }
    this.#high = outerHigh;
    this.#low = outerLow;
    this.#word(KIND.object);
    this.#word(high);
    this.#word(low);
  }

  /** As JSON says it: there is one zero, and no number that is not finite. */
  #number(value: number): void {
    if (!Number.isFinite(value)) {
      this.#word(KIND.null);
      return;
    }
    float[0] = value === 0 ? 0 : value;
    this.#word(KIND.number);
    this.#word(words[0] ?? 0);
    this.#word(words[1] ?? 0);
  }

  #text(kind: number, text: string): void {
    this.#word(kind);
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, PRIME_HIGH);
      low = Math.imul(low ^ (code + 0x9e), PRIME_LOW);
    }
    this.#high = high;
    this.#low = low;
    this.#word(text.length);
  }

  #word(word: number): void {
    const high = Math.imul(this.#high ^ word, PRIME_HIGH);
    const low = Math.imul(this.#low ^ (word + 0x9e), PRIME_LOW);
    // A product carries upwards only: what is in the top bits must come down to be multiplied
    // again.
    this.#high = high ^ (high >>> 15);
    this.#low = low ^ (low >>> 15);
  }
}

/** One for all: hashing is synchronous, and makes no garbage. */
const digest = new Digest();

/** The finisher of MurmurHash3: spreads the last characters over all bits. */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
