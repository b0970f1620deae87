import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { newId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { OBSERVED_STATES } from "../../../shared/model/task-state.js";
import { seededRandom } from "../../../shared/ports/random.js";
import { Tables } from "./tables.js";

const TASKS = 50_000;
/** What makes a million tasks possible. */
const TASK_BYTES_MAX = 1_500;

const random = seededRandom("memory");

test("a running task takes less than 1.5 kB of heap, with all indexes and listings", () => {
  const collect = garbageCollector();
  const services = Array.from({ length: 10 }, () => newId<ServiceId>(random));
  const nodes = Array.from({ length: 500 }, () => newId<NodeId>(random));
  const tables = new Tables();
  const before = heapBytes(collect);
  for (let n = 0; n < TASKS; n++) {
    const task = runningTask(n, services[n % 10]!, nodes[n % 500]!);
    tables.setTask(task.id, undefined, task);
  }
  expect(tables.tasks()).toHaveLength(TASKS);
  for (const service of services) tables.tasksOfService(service);
  for (const node of nodes) tables.tasksOfNode(node);
  for (const state of OBSERVED_STATES) tables.tasksInState(state);
  const bytes = (heapBytes(collect) - before) / TASKS;
  expect(bytes).toBeGreaterThan(200); // or nothing was measured
  expect(bytes).toBeLessThan(TASK_BYTES_MAX);
});

function runningTask(n: number, serviceId: ServiceId, nodeId: NodeId): Task {
  const wallMs = Date.UTC(2026, 0, 1) + n;
  const containerId = Buffer.from(`${n}`.padEnd(64, "a")).toString();
  return {
    id: newId<TaskId>(random),
    version: n,
    createdAtMs: wallMs,
    updatedAtMs: wallMs,
    serviceId,
    revision: 1,
    slot: n + 1,
    nodeId,
    desired: "running",
    status: {
      state: "running",
      atMs: wallMs,
      message: "started",
      container: { containerId, pid: n },
    },
  };
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

function heapBytes(collect: () => void): number {
  collect();
  return process.memoryUsage().heapUsed;
}
