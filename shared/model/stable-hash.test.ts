import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { canonicalText, HashSum, hashText, stableHash } from "./stable-hash.js";

const textOf = (value: unknown): string => hashText(stableHash(value));

/** Few keys and values: what differs differs in little. */
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, -1, 0.5, 2 ** 31, 2 ** 32, "", "a", "b", "1"),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "1"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("a stable hash", () => {
  test("depends on what is said, not on the order in which it was written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), plain), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(textOf(reversed)).toBe(textOf(object));
        expect(textOf(JSON.parse(JSON.stringify(object)))).toBe(textOf(object));
      }),
    );
  });

  test("differs where the canonical text differs", () => {
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(textOf(a) === textOf(b)).toBe(canonicalText(a) === canonicalText(b));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<readonly [string, unknown, unknown]>([
    ["a property that is undefined is absent", { a: 1, b: undefined }, { a: 1 }],
    ["undefined in a list is null", [undefined], [null]],
    ["there is one zero", -0, 0],
    ["what is not finite is null", [NaN, Infinity], [null, null]],
  ])("%s, as JSON has it", (_name, a, b) => {
    expect(textOf(a)).toBe(textOf(b));
  });

  test.each<readonly [string, unknown, unknown]>([
    ["a number and its text", 1, "1"],
    ["a value and a list of it", 1, [1]],
    ["a list and an object", ["a"], { 0: "a" }],
    ["an empty list and an empty object", [], {}],
    ["null and false", null, false],
    ["neighbours", { a: "bc" }, { ab: "c" }],
    ["swapped values", { a: 1, b: 2 }, { a: 2, b: 1 }],
    ["nested or not", { a: { b: 1 } }, { a: {}, b: 1 }],
    ["the order of a list", [1, 2], [2, 1]],
    ["large numbers that are close", 2 ** 52, 2 ** 52 + 1],
  ])("tells %s apart", (_name, a, b) => {
    expect(textOf(a)).not.toBe(textOf(b));
  });

  test("spreads what differs in one character over all its bits", () => {
    const hashes = Array.from({ length: 4_096 }, (_, n) => stableHash({ id: `task ${n}` }));
    for (const half of ["high", "low"] as const) {
      for (let bit = 0; bit < 32; bit++) {
        const set = hashes.filter((hash) => (hash[half] >>> bit) & 1).length;
        // Half of them, give or take six standard deviations.
        expect(Math.abs(set - 2_048)).toBeLessThan(6 * 32);
      }
    }
    expect(new Set(hashes.map(hashText)).size).toBe(hashes.length);
  });
});

test("the hash of a set does not depend on order or history, but on the kind of its members", () => {
  const [one, other, third] = [new HashSum(), new HashSum(), new HashSum()];
  for (const n of [1, 2, 3, 4]) one.add("task", { n });
  one.subtract("task", { n: 2 });
  for (const n of [4, 1, 3]) other.add("task", { n });
  for (const n of [4, 1, 3]) third.add("node", { n });
  expect(other.text()).toBe(one.text());
  expect(third.text()).not.toBe(one.text());
  for (const n of [1, 3, 4]) one.subtract("task", { n });
  expect(one.text()).toBe("0000000000000000");
});
