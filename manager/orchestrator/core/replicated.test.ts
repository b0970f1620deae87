import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { sampleTask, type TaskSketch } from "../../../test/samples/objects.js";
import { reconcileReplicated } from "./replicated.js";
import { groupBySlot } from "./slot.js";

function plan(replicas: number, tasks: readonly TaskSketch[]) {
  const slots = groupBySlot(tasks.map((sketch, i) => sampleTask({ id: `t${i}`, ...sketch })));
  const { vacant, surplus, kept } = reconcileReplicated(replicas, slots);
  return {
    vacant,
    surplus: surplus.map((slot) => Number(slot.key)).sort((a, b) => a - b),
    kept: kept.map((slot) => slot.key),
  };
}

describe("filling", () => {
  test.each<[string, number, TaskSketch[], number[]]>([
    ["nothing there", 3, [], [1, 2, 3]],
    ["gaps first", 4, [{ slot: 2 }, { slot: 5 }], [1, 3]],
    [
      "a task that waits out its restart delay holds its slot",
      1,
      [{ slot: 1, desired: "ready" }],
      [],
    ],
    [
      "a task that failed and was not noticed yet holds its slot",
      1,
      [{ slot: 1, state: "failed" }],
      [],
    ],
    [
      "the last task of a slot that ended for good holds it",
      2,
      [{ slot: 1, desired: "shutdown", state: "complete" }],
      [2],
    ],
    ["a task that is being removed holds nothing", 1, [{ slot: 1, desired: "remove" }], [1]],
    ["no replicas", 0, [], []],
  ])("%s", (_, replicas, tasks, vacant) => {
    expect(plan(replicas, tasks)).toMatchObject({ vacant, surplus: [] });
  });
});

describe("giving up", () => {
  test.each<[string, number, TaskSketch[], number[]]>([
    [
      "the highest slots, all else being equal",
      1,
      [1, 2, 3].map((slot) => ({ slot, node: `n${slot}` })),
      [2, 3],
    ],
    [
      "slots that do not run before those that do",
      2,
      [
        { slot: 1, state: "preparing", node: "n1" },
        { slot: 2, node: "n2" },
        { slot: 3, node: "n3" },
      ],
      [1],
    ],
    [
      "second copies on a node before sole ones",
      2,
      [
        { slot: 1, node: "n1" },
        { slot: 2, node: "n1" },
        { slot: 3, node: "n2" },
      ],
      [2],
    ],
    [
      "from the fullest node first",
      3,
      [
        { slot: 1, node: "n1" },
        { slot: 2, node: "n1" },
        { slot: 3, node: "n1" },
        { slot: 4, node: "n2" },
        { slot: 5, node: "n2" },
      ],
      [3, 5],
    ],
    [
      "tasks that have no node yet before all others",
      1,
      [
        { slot: 1, state: "pending" },
        { slot: 2, node: "n1", state: "starting" },
      ],
      [1],
    ],
    ["everything at zero", 0, [{ slot: 1 }, { slot: 2 }], [1, 2]],
  ])("%s", (_, replicas, tasks, surplus) => {
    expect(plan(replicas, tasks)).toMatchObject({ surplus, vacant: [] });
  });
});

test("kept and filled slots are exactly as many as the replicas, and no slot is both kept and given up", () => {
  const sketch = fc.record({
    slot: fc.integer({ min: 1, max: 30 }),
    node: fc.constantFrom("n1", "n2", "n3"),
    desired: fc.constantFrom("ready", "running", "shutdown", "remove"),
    state: fc.constantFrom("running", "preparing", "failed"),
  });
  fc.assert(
    fc.property(fc.nat(40), fc.array(sketch, { maxLength: 40 }), (replicas, tasks) => {
      const { vacant, surplus, kept } = plan(replicas, tasks);
      expect(kept.length + vacant.length).toBe(replicas);
      expect(new Set([...vacant, ...surplus, ...kept]).size).toBe(
        vacant.length + surplus.length + kept.length,
      );
      expect(vacant.length === 0 || surplus.length === 0).toBe(true);
    }),
  );
});
