import { describe, expect, test } from "vitest";

import type { NetworkId, NodeId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { sampleTask } from "../../../test/samples/objects.js";
import { Withdrawals, WITHDRAWN_WITHIN_MS, withdrawnTask } from "./withdrawals.js";

const [T1, T2] = ["t1", "t2"] as [TaskId, TaskId];
const [A, B] = ["a", "b"] as [NodeId, NodeId];

describe("an order to stop", () => {
  test("is held until every node that leads to the task has left it out", () => {
    const held = new Withdrawals();
    held.begin(T1);
    expect(held.settled(7, [A, B], 0)).toEqual([]);
    expect(held.holds(T1)).toBe(true);
    expect(held.applied(A, 6)).toEqual([]); // what was told before
    expect(held.applied(A, 7)).toEqual([]);
    expect(held.applied(B, 9)).toEqual([T1]); // what was told later holds it, too
    expect(held.holds(T1)).toBe(false);
  });

  test("is not held where nobody leads to the task", () => {
    const held = new Withdrawals();
    held.begin(T1);
    expect(held.settled(7, [], 0)).toEqual([T1]);
    expect(held.isIdle).toBe(true);
  });

  test("is held up by a node for a bounded time, and not by one that has gone", () => {
    const held = new Withdrawals();
    held.begin(T1);
    held.settled(7, [A, B], 0);
    held.begin(T2);
    held.settled(8, [B], 100);
    held.applied(A, 8);
    expect(held.overdue(WITHDRAWN_WITHIN_MS - 1).taskIds).toEqual([]);
    expect(held.overdue(WITHDRAWN_WITHIN_MS)).toEqual({ taskIds: [T1], late: [B] });
    expect(held.left(B)).toEqual([T2]);
    expect(held.isIdle).toBe(true);
  });
});

const ADDRESSES = [{ networkId: "n" as NetworkId, addresses: ["10.0.0.5"] }];
const serving: Task = { ...sampleTask({ node: "a" }), addresses: ADDRESSES };

test.each<[string, Task, Task | undefined, "withdrawn" | "not"]>([
  ["is to stop", serving, { ...serving, desired: "shutdown" }, "withdrawn"],
  ["is to be removed", serving, { ...serving, desired: "remove" }, "withdrawn"],
  ["goes on", serving, { ...serving, updatedAtMs: 1 }, "not"],
  [
    "was to stop already",
    { ...serving, desired: "shutdown" },
    { ...serving, desired: "remove" },
    "not",
  ],
  [
    "never ran",
    { ...serving, ...sampleTask({ node: "a", state: "preparing" }) },
    { ...serving, desired: "shutdown" },
    "not",
  ],
  [
    "has ended",
    serving,
    { ...sampleTask({ node: "a", state: "failed", desired: "shutdown" }) },
    "not",
  ],
  [
    "is on no network",
    sampleTask({ node: "a" }),
    sampleTask({ node: "a", desired: "shutdown" }),
    "not",
  ],
  ["is gone", serving, undefined, "not"],
])("a task that %s", (_name, before, after, expected) => {
  const event = { type: "task", before, ...(after && { after }) } as const;
  expect(withdrawnTask(event)).toBe(expected === "withdrawn" ? serving.id : undefined);
});
