import fc from "fast-check";
import { expect, test } from "vitest";

import { EntryIndex, type EntryPosition } from "./entry-index.js";

type Step =
  | { readonly kind: "put"; readonly back: number; readonly segment: number }
  | { readonly kind: "drop"; readonly count: number }
  | { readonly kind: "restart"; readonly ahead: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("put"), back: fc.nat(3), segment: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop"), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart"), ahead: fc.nat(5) }) },
);

test("agrees with a plain list of entries", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const index = new EntryIndex(1, 0);
      let list: EntryPosition[] = [];
      let lastIndex = 0;
      let segment = 1;
      for (const [term, step] of steps.entries()) {
        if (step.kind === "put") {
          const at = Math.max(1, lastIndex + 1 - step.back);
          segment += step.segment === 0 ? 1 : 0;
          const entry = { index: at, term, segment, offset: term * 10, endOffset: term * 10 + 10 };
          index.put(entry);
          list = [...list.filter((other) => other.index < at), entry];
          lastIndex = at;
        } else if (step.kind === "drop") {
          const upTo = index.firstIndex - 1 + step.count;
          index.dropThrough(upTo);
          list = list.filter((entry) => entry.index > upTo);
        } else {
          lastIndex += step.ahead;
          index.restartAfter(lastIndex, term);
          expect(index.term(lastIndex)).toBe(term);
          list = [];
        }
        expect(index.lastIndex).toBe(lastIndex);
        for (let i = 1; i <= lastIndex + 1; i++) {
          expect(index.position(i)).toEqual(list.find((entry) => entry.index === i));
        }
        const last = list.filter((entry) => entry.segment === segment).at(-1);
        expect(index.lastIndexIn(segment)).toBe(last?.index);
      }
    }),
  );
});
