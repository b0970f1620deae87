/** Moves that fail, and the words for what came of them. Whole rebalances are in `test/scenarios/`. */
import { expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import type { RebalanceProgress } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { sampleNode, sampleService, sampleTask } from "../../../test/samples/objects.js";
import type { Action } from "../../orchestrator/core/action.js";
import { NO_MEMORY, planService } from "../../orchestrator/core/plan-service.js";
import { applyCommand } from "../../store/core/apply.js";
import type { Change } from "../../store/core/change.js";
import { emptyReplica } from "../../store/core/replica.js";
import { progressAfter, startedRebalance } from "./rebalance-words.js";

const N2 = "n2" as NodeId;

/** Two tasks on n1, one of which moves to n2; and whatever else is there. */
function planWith(newcomer: Partial<Task>, { n2 = {}, rebalance = startedRebalance("user", 5) }) {
  const { service, revision } = sampleService({ replicas: 2 });
  const replica = emptyReplica();
  const moving = { ...sampleTask({ id: "t3", slot: 2, node: "n2" }), relieves: "n1" as NodeId };
  const changes: Change[] = [
    { kind: "create-node", node: sampleNode({ id: "n1" }) },
    { kind: "create-node", node: sampleNode({ id: "n2", ...n2 }) },
    { kind: "create-service", service, revision },
    { kind: "observe-rebalance", serviceId: service.id, rebalance },
    { kind: "create-task", task: sampleTask({ id: "t1", slot: 1, node: "n1" }) },
    { kind: "create-task", task: sampleTask({ id: "t2", slot: 2, node: "n1" }) },
    { kind: "create-task", task: { ...moving, ...newcomer } },
  ];
  for (const change of changes) {
    const command = { format: 1, atMs: 0, changes: [change] };
    expect(applyCommand(replica, command)).toMatchObject({ kind: "applied" });
  }
  return planService(replica.tables, service.id, { nowMs: 10, atMs: 10 }, NO_MEMORY).actions;
}

function inWords(action: Action): string {
  if (action.kind === "stop-task") return `stop ${action.taskId}`;
  if (action.kind !== "observe-rebalance") return action.kind;
  const { state, moved, avoided } = action.rebalance;
  return `${state}, ${moved} moved, avoids ${avoided.join(" ")}`;
}

const status = (state: Task["status"]["state"], error?: string): Partial<Task> => ({
  status: { state, atMs: 0, message: "", ...(error !== undefined && { error }) },
});

test.each<[string, Partial<Task>, object, string[]]>([
  ["it comes up", status("preparing"), {}, []],
  ["it is about to be placed", status("pending"), {}, []],
  ["it runs", status("running"), {}, ["rebalancing, 1 moved, avoids ", "stop t2"]],
  ["it failed", status("failed"), {}, ["stop t3", "rebalancing, 0 moved, avoids n2"]],
  ["it was refused", status("rejected"), {}, ["stop t3", "rebalancing, 0 moved, avoids n2"]],
  [
    "no room is left for it",
    status("pending", "no suitable node"),
    {},
    ["stop t3", "rebalancing, 0 moved, avoids n2"],
  ],
  [
    "its node went down",
    status("preparing"),
    { state: "down" },
    ["stop t3", "rebalancing, 0 moved, avoids n2"],
  ],
  [
    "its node is drained",
    status("preparing"),
    { availability: "drain" },
    ["stop t3", "rebalancing, 0 moved, avoids n2"],
  ],
])("a newcomer: %s", (_name, newcomer, n2, expected) => {
  expect(planWith(newcomer, { n2 }).map(inWords)).toEqual(expected);
});

test("a move that makes nothing better any more gives way to one that does", () => {
  const other = { ...sampleTask({ id: "t3", slot: 2, node: "n1" }) };
  const actions = planWith({ ...other, ...status("preparing"), relieves: N2 }, {});
  expect(actions.map(inWords)).toEqual(["stop t3", "replace-task"]);
});

test("nodes where no task came up are not tried again", () => {
  const rebalance = { ...startedRebalance("user", 5), avoided: [N2] };
  const gone = { ...status("failed"), desired: "shutdown" as const };
  const actions = planWith(gone, { rebalance });
  expect(actions.map(inWords)).toEqual(["completed, 0 moved, avoids n2"]);
});

test.each<[number, NodeId[], string]>([
  [0, [], "nothing to move: tasks are spread as evenly as their nodes allow"],
  [1, [], "1 task moved"],
  [2, [], "2 tasks moved"],
  [0, [N2], "no task moved; none came up on 1 node"],
  [3, [N2, "n3" as NodeId], "3 tasks moved; none came up on 2 nodes"],
])("%d moved, %j left out: %s", (moved, avoided, message) => {
  const before: RebalanceProgress = startedRebalance("user", 5);
  const after = progressAfter(before, { moved, avoided, isOver: true, atMs: 7 });
  expect(after).toEqual({
    ...before,
    state: "completed",
    completedAtMs: 7,
    moved,
    avoided,
    message,
  });
});
