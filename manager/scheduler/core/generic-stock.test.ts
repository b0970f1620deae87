/** A node's generic resources: who gets which, and that nobody gets what another has. */
import fc from "fast-check";
import { expect, test } from "vitest";

import type { GenericShare } from "../../../shared/model/generic-resources.js";
import { GenericStock } from "./generic-stock.js";

const NAMES = ["A", "B", "C", "D"];

function stockOf(...capacity: GenericShare[]): GenericStock {
  const stock = new GenericStock();
  stock.become(capacity);
  return stock;
}

const gpus = { kind: "gpu", count: 2, names: ["A", "B"] };

test.each<[string, GenericShare[], boolean]>([
  ["nothing is asked for", [], true],
  ["as many as there are", [{ kind: "gpu", count: 2 }], true],
  ["one more", [{ kind: "gpu", count: 3 }], false],
  ["what nobody has", [{ kind: "fpga", count: 1 }], false],
  [
    "both kinds",
    [
      { kind: "gpu", count: 1 },
      { kind: "ssd", count: 4 },
    ],
    true,
  ],
  [
    "one kind too many",
    [
      { kind: "gpu", count: 1 },
      { kind: "ssd", count: 5 },
    ],
    false,
  ],
])("room for %s", (_name, demands, expected) => {
  expect(stockOf(gpus, { kind: "ssd", count: 4 }).hasRoomFor(demands)).toBe(expected);
});

test("names are given in their order, numbers as such", () => {
  const stock = stockOf(gpus, { kind: "ssd", count: 4 });
  stock.count([{ kind: "gpu", count: 1, names: ["A"] }], 1);
  const chosen = stock.choose([
    { kind: "gpu", count: 1 },
    { kind: "ssd", count: 3 },
  ]);
  expect(chosen).toEqual([
    { kind: "gpu", count: 1, names: ["B"] },
    { kind: "ssd", count: 3 },
  ]);
});

test("what is gone from the node is given to nobody, and missed by who has it", () => {
  const stock = stockOf(gpus);
  const mine = [{ kind: "gpu", count: 1, names: ["A"] }];
  expect(stock.has(mine)).toBe(true);
  stock.count(mine, 1);
  stock.become([{ kind: "gpu", count: 1, names: ["B"] }]);
  expect(stock.choose([{ kind: "gpu", count: 1 }])).toMatchObject([{ names: ["B"] }]);
  stock.count(mine, -1);
  expect(stock.has(mine)).toBe(false);
});

const capacity = fc.oneof(
  fc.subarray(NAMES).map((names) => ({ kind: "gpu", count: names.length, names })),
  fc.nat(4).map((count) => ({ kind: "gpu", count })),
);
const event = fc.oneof(
  fc.nat(3).map((count) => ({ kind: "come", count }) as const),
  fc.nat(9).map((which) => ({ kind: "go", which }) as const),
  capacity.map((share) => ({ kind: "become", share }) as const),
);

test("whatever comes, goes and changes: no name is had twice, no number exceeded by a placement", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const stock = new GenericStock();
      let present: GenericShare | undefined;
      const held: (readonly GenericShare[])[] = [];
      for (const one of events) {
        if (one.kind === "become") {
          present = one.share;
          stock.become([one.share]);
        } else if (one.kind === "go") {
          const [gone] = held.splice(one.which, 1);
          if (gone !== undefined) stock.count(gone, -1);
        } else {
          const demands = [{ kind: "gpu", count: one.count }];
          if (!stock.hasRoomFor(demands)) continue;
          const given = stock.choose(demands);
          expect(given[0]?.count).toBe(one.count);
          const names = given[0]?.names;
          if (names === undefined) {
            const all = held.flat().reduce((sum, { count }) => sum + count, one.count);
            expect(all).toBeLessThanOrEqual(present?.count ?? 0);
          } else {
            expect(names).toHaveLength(one.count);
            expect(present?.names).toEqual(expect.arrayContaining([...names]));
          }
          stock.count(given, 1);
          held.push(given);
        }
        const names = held.flat().flatMap(({ names: some = [] }) => some);
        expect(new Set(names).size).toBe(names.length);
      }
    }),
  );
});
