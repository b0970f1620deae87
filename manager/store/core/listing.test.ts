import fc from "fast-check";
import { expect, test } from "vitest";

import { Listing } from "./listing.js";

interface Row {
  readonly id: string;
  readonly version: number;
}

const IDS = Array.from({ length: 400 }, (_, n) => `row ${n}`);

test("lists what is there, ordered by id, however much changed between two readings", () => {
  const change = fc.record({ id: fc.constantFrom(...IDS), removed: fc.boolean() });
  const changes = fc.array(change, { maxLength: 300, size: "max" });
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 8 }), fc.subarray(IDS), (rounds, first) => {
      const rows = new Map<string, Row>(first.map((id) => [id, { id, version: 0 }]));
      const listing = new Listing<string, Row>();
      let version = 0;
      for (const round of [[], ...rounds]) {
        for (const { id, removed } of round) {
          if (removed) rows.delete(id);
          else rows.set(id, { id, version: ++version });
          listing.touch(id);
        }
        const listed = listing.read(rows, (id) => rows.get(id));
        const expected = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
        expect(listed).toEqual(expected);
      }
    }),
  );
});

test("is the same list until something changes, and never changes itself", () => {
  const rows = new Map<string, Row>([["a", { id: "a", version: 0 }]]);
  const listing = new Listing<string, Row>();
  const read = (): readonly Row[] => listing.read(rows, (id) => rows.get(id));
  const first = read();
  expect(read()).toBe(first);
  rows.set("b", { id: "b", version: 1 });
  listing.touch("b");
  expect(read()).toHaveLength(2);
  expect(first).toHaveLength(1);
});
