import { expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeState } from "../../../shared/model/node.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../../test/samples/objects.js";
import { createMemoryStore } from "../../store/memory-store.js";
import { ORPHANED_AFTER_MS } from "./cluster-rules.js";
import { planOrphans } from "./orphans.js";

const DAY_MS = 24 * 3_600_000;

/** A node with a running task, one that stops, and one that has ended. */
async function nodeWithTasks(state: NodeState) {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const tasks = [
    sampleTask({ id: "runs", slot: 1, node: "node1" }),
    sampleTask({ id: "stops", slot: 2, node: "node1", desired: "shutdown" }),
    sampleTask({ id: "ended", slot: 3, node: "node1", desired: "shutdown", state: "failed" }),
  ];
  await store.update((tx) => {
    tx.apply({ kind: "create-node", node: sampleNode({ state }) });
    tx.apply({ kind: "create-service", ...sampleService() });
    for (const task of tasks) tx.apply({ kind: "create-task", task });
  });
  return store.committed;
}

test.each<[NodeState, number, string[], number | undefined]>([
  ["ready", 0, [], undefined],
  ["unknown", 2 * DAY_MS, [], undefined],
  ["down", 0, [], DAY_MS],
  ["down", DAY_MS - 1, [], 1],
  ["down", DAY_MS, ["runs", "stops"], undefined],
])("a node %s for %i ms", async (state, downForMs, orphaned, wakeInMs) => {
  const view = await nodeWithTasks(state);
  const plan = planOrphans(view, "node1" as NodeId, { downForMs, atMs: 5 });
  expect(plan.changes.map((change) => "taskId" in change && change.taskId)).toEqual(orphaned);
  expect(plan.wakeInMs).toBe(wakeInMs);
});

test("a day is a day", () => {
  expect(ORPHANED_AFTER_MS).toBe(DAY_MS);
});
