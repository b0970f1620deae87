/** Removing a node with more tasks than fit into one command. */
import { expect, test } from "vitest";

import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import type { StoreView } from "../../store/core/view.js";
import { planNodeRemoval } from "./plan-node.js";

const node: Node = {
  id: "n1" as NodeId,
  version: 1,
  createdAtMs: 0,
  updatedAtMs: 0,
  spec: { Role: "worker", Availability: "active" },
  status: { state: "down", message: "heartbeat failure", address: "10.0.0.1" },
};

function tasks(count: number, state: ObservedState): Task[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${state}${i}` as TaskId,
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: "s1" as ServiceId,
    revision: 1,
    slot: i + 1,
    nodeId: node.id,
    desired: "running",
    status: { state, atMs: 0, message: "", error: "old" },
  }));
}

function viewOf(held: readonly Task[]): StoreView {
  return { tasksOfNode: () => held } as unknown as StoreView;
}

test("its living tasks are orphaned, those that ended are left", () => {
  const held = [...tasks(2, "running"), ...tasks(1, "failed"), ...tasks(1, "assigned")];
  const removal = planNodeRemoval(viewOf(held), node, { mode: "only-if-down", atMs: 5 });
  expect(removal.complete).toBe(true);
  expect(removal.changes.map((change) => change.kind)).toEqual([
    "observe-task",
    "observe-task",
    "observe-task",
    "remove-node",
  ]);
  expect(removal.changes[0]).toEqual({
    kind: "observe-task",
    taskId: "running0",
    status: {
      state: "orphaned",
      atMs: 5,
      message: "Task belonged to a node that has been deleted",
    },
  });
});

test("the node goes with the last of them", () => {
  const first = planNodeRemoval(viewOf(tasks(501, "running")), node, { mode: "forced", atMs: 5 });
  expect([first.changes.length, first.complete]).toEqual([500, false]);
  expect(first.changes.some((change) => change.kind === "remove-node")).toBe(false);
  const last = planNodeRemoval(viewOf(tasks(1, "running")), node, { mode: "forced", atMs: 5 });
  expect(last.changes.at(-1)).toEqual({ kind: "remove-node", nodeId: node.id });
});
