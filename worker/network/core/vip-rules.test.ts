import fc from "fast-check";
import { expect, test } from "vitest";

import { changeTable, presentForm } from "./nft-table.js";
import { lostBackends, vipTable } from "./vip-rules.js";

function elementsOf(table: ReturnType<typeof vipTable>, name: string): Record<string, string> {
  return Object.fromEntries(table.sets.get(name)?.elements ?? []);
}

test("services with as many backends share a map and a chain", () => {
  const table = vipTable("ip", [
    { vips: ["10.0.0.2"], backends: ["10.0.0.9", "10.0.0.8"] },
    { vips: ["10.0.0.3"], backends: ["10.0.0.7", "10.0.0.6"] },
    { vips: ["10.0.0.4"], backends: [] },
  ]);
  expect(elementsOf(table, "services")).toEqual({ "10.0.0.2": "goto n2", "10.0.0.3": "goto n2" });
  expect(elementsOf(table, "refused")).toEqual({ "10.0.0.4": "" });
  expect(elementsOf(table, "m2")).toEqual({
    "10.0.0.2 . 0": "10.0.0.8",
    "10.0.0.2 . 1": "10.0.0.9",
    "10.0.0.3 . 0": "10.0.0.6",
    "10.0.0.3 . 1": "10.0.0.7",
  });
  expect([...table.chains.keys()]).toEqual(["output", "refuse", "n2"]);
});

test("the two families have a table each", () => {
  const services = [{ vips: ["10.0.0.2", "fd00::2"], backends: ["10.0.0.9", "fd00::9"] }];
  expect(elementsOf(vipTable("ip", services), "m1")).toEqual({ "10.0.0.2 . 0": "10.0.0.9" });
  expect(elementsOf(vipTable("ip6", services), "m1")).toEqual({ "fd00::2 . 0": "fd00::9" });
});

test("for any services: every chance leads to a backend of the service, each as often", () => {
  const services = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 20 }),
      backends: fc.uniqueArray(fc.integer({ min: 100, max: 120 }), { maxLength: 6 }),
    }),
    { selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(services, (some) => {
      const told = some.map(({ id, backends }) => {
        return { vips: [`10.0.0.${id}`], backends: backends.map((one) => `10.0.0.${one}`) };
      });
      const table = vipTable("ip", told);
      for (const { vips, backends } of told) {
        const [vip = ""] = vips;
        const count = backends.length;
        const elements = elementsOf(table, `m${count}`);
        const led = Array.from({ length: count }, (_, i) => elements[`${vip} . ${i}`]);
        expect(led.sort()).toEqual(backends.toSorted());
        expect(vip in elementsOf(table, "refused")).toBe(count === 0);
      }
    }),
  );
});

test("what led to as many backends as no service has any more stays, empty, so that no rule goes", () => {
  const before = vipTable("ip", [{ vips: ["10.0.0.2"], backends: ["10.0.0.8", "10.0.0.9"] }]);
  const after = vipTable("ip", [{ vips: ["10.0.0.2"], backends: ["10.0.0.9"] }], before);
  expect([...after.chains.keys()]).toEqual(["output", "refuse", "n2", "n1"]);
  expect(elementsOf(after, "m2")).toEqual({});
  expect(changeTable(presentForm(before), after)).not.toMatch(/flush|delete (chain|set)/);
});

test("of UDP, what led to a backend that is gone is to be forgotten", () => {
  const before = vipTable("ip", [{ vips: ["10.0.0.2"], backends: ["10.0.0.8", "10.0.0.9"] }]);
  const after = vipTable("ip", [{ vips: ["10.0.0.2"], backends: ["10.0.0.9"] }]);
  expect(lostBackends(before, after)).toEqual([{ vip: "10.0.0.2", backend: "10.0.0.8" }]);
  expect(lostBackends(after, before)).toEqual([]);
  expect(lostBackends(undefined, after)).toEqual([]);
});
