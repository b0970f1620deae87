import { expect, test } from "vitest";

import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import {
  type NodeSketch,
  sampleNode,
  sampleRevision,
  sampleTask,
} from "../../../test/samples/objects.js";
import { ClusterState } from "./cluster-state.js";

const MANY = 1_000_000;
const TWO_CPUS: TaskSpec = { Resources: { Reservations: { NanoCPUs: 2e9 } } };

function boundTask(node: string, service = "service"): Task {
  return sampleTask({ id: `${service} on ${node}`, service, slot: 0, node, state: "pending" });
}

function stateWith(nodes: readonly NodeSketch[], template: TaskSpec = TWO_CPUS): ClusterState {
  const state = new ClusterState();
  for (const node of nodes) state.observe({ type: "node", after: sampleNode(node) });
  for (const service of ["service", "other"]) {
    const after = sampleRevision({ serviceId: service as ServiceId, number: 1, template });
    state.observe({ type: "revision", after });
  }
  return state;
}

test("a task that names its node goes there or nowhere", () => {
  const state = stateWith([
    { id: "small", nanoCpus: 1e9 },
    { id: "large", nanoCpus: 8e9 },
    { id: "away", state: "down" },
  ]);
  for (const node of ["small", "large", "away", "unknown"]) {
    state.observe({ type: "task", after: boundTask(node) });
  }
  expect(state.decide(MANY, 0)).toEqual({
    placements: [{ taskId: "service on large", nodeId: "large" }],
    refusals: [
      {
        taskIds: ["service on small"],
        reason: "no suitable node (insufficient resources on 1 node)",
      },
      {
        taskIds: ["service on away"],
        reason: "no suitable node (1 node not available for new tasks)",
      },
    ],
  });
  expect(state.hasWork).toBe(false);
});

test("before it is placed it holds nothing of its node, and afterwards what it reserves", () => {
  const state = stateWith([{ id: "n1", nanoCpus: 3e9 }]);
  const first = boundTask("n1");
  const second = boundTask("n1", "other");
  state.observe({ type: "task", after: first });
  state.observe({ type: "task", after: second });
  expect(state.decide(MANY, 0).placements).toEqual([{ taskId: first.id, nodeId: "n1" }]);
  const running: Task = { ...first, status: { ...first.status, state: "running" } };
  state.observe({ type: "task", before: first, after: running });
  state.tryAgain();
  expect(state.decide(MANY, 0).placements).toEqual([]);
  const ended: Task = { ...first, status: { ...first.status, state: "failed" } };
  state.observe({ type: "task", before: running, after: ended });
  expect(state.decide(MANY, 0).placements).toEqual([{ taskId: second.id, nodeId: "n1" }]);
});

test("a placement that was not written is open again", () => {
  const state = stateWith([{ id: "n1", nanoCpus: 2e9 }]);
  const task = boundTask("n1");
  state.observe({ type: "task", after: task });
  expect(state.decide(MANY, 0).placements).toHaveLength(1);
  expect(state.decide(MANY, 0).placements).toHaveLength(0);
  state.abandon(task.id, task);
  expect(state.decide(MANY, 0).placements).toHaveLength(1);
});

test("a pass takes no more of them than it may", () => {
  const state = stateWith([{ id: "n1" }, { id: "n2" }, { id: "n3" }]);
  for (const node of ["n1", "n2", "n3"]) state.observe({ type: "task", after: boundTask(node) });
  expect(state.decide(2, 0).placements).toHaveLength(2);
  expect(state.hasWork).toBe(true);
  expect(state.decide(2, 0).placements).toHaveLength(1);
});
