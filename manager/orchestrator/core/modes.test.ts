/** What a plan does for services of each mode, from nodes and tasks as the store has them. */
import { describe, expect, test } from "vitest";

import type { ServiceMode } from "../../../shared/docker-api/service-spec.js";
import type { RestartPolicy } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import {
  type NodeSketch,
  sampleNode,
  sampleRevision,
  sampleService,
  sampleTask,
  type TaskSketch,
} from "../../../test/samples/objects.js";
import { createMemoryStore } from "../../store/memory-store.js";
import type { Action } from "./action.js";
import { NO_MEMORY, planService } from "./plan-service.js";

interface Given {
  readonly mode: ServiceMode;
  readonly nodes: readonly NodeSketch[];
  readonly tasks: readonly TaskSketch[];
  readonly policy: RestartPolicy;
  readonly constraint?: string;
}

const service = "service" as ServiceId;

/** The actions of a plan for a service whose second revision is the present one. */
async function planned({ mode, nodes, tasks, policy, constraint }: Given): Promise<string[]> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const Placement = constraint === undefined ? {} : { Constraints: [constraint] };
  const sample = sampleService({ mode, template: { RestartPolicy: policy } });
  const template = { RestartPolicy: policy, Placement, ForceUpdate: 1 };
  const newRevision = sampleRevision({ serviceId: service, number: 2, template });
  await store.update((tx) => {
    for (const node of nodes) tx.apply({ kind: "create-node", node: sampleNode(node) });
    tx.apply({ kind: "create-service", ...sample });
    const { frame } = sample.service;
    tx.apply({ kind: "update-service", serviceId: service, frame, revision: 2, newRevision });
    for (const task of tasks) {
      tx.apply({ kind: "create-task", task: sampleTask({ revision: 2, ...task }) });
    }
  });
  const plan = planService(store.committed, service, { nowMs: 0, atMs: 0 }, NO_MEMORY);
  return plan.actions.map(inWords);
}

function inWords(action: Action): string {
  switch (action.kind) {
    case "create-task":
      return `create ${action.task.slot} ${action.task.desired}`;
    case "replace-task":
      return `replace ${action.taskId} ${action.successor.desired}`;
    case "observe-rebalance":
      return `${action.kind} ${action.rebalance.state}`;
    case "observe-update":
    case "roll-back":
      return `${action.kind} ${action.update.state}`;
    default:
      return `${action.kind.replace("-task", "")} ${action.taskId}`;
  }
}

describe("global", () => {
  const mode: ServiceMode = { Global: {} };
  const onN1: TaskSketch = { id: "t1", slot: 0, node: "n1" };
  const ended: TaskSketch = { ...onN1, desired: "shutdown" };

  test.each<[string, NodeSketch, TaskSketch[], string[]]>([
    ["an open node is filled", {}, [], ["create n1 running"]],
    ["a filled one is left alone", {}, [onN1], []],
    ["a node never heard of gets nothing", { state: "unknown" }, [], []],
    ["nor does one that is away for a moment", { state: "disconnected" }, [], []],
    ["a paused one gets nothing", { availability: "pause" }, [], []],
    ["and keeps what it has", { availability: "pause" }, [onN1], []],
    ["a drained one is emptied", { availability: "drain" }, [onN1], ["stop t1"]],
    ["what is stopped there is left alone", { availability: "drain" }, [ended], []],
    ["one that is down keeps what it has", { state: "down" }, [onN1], []],
    [
      "and loses what never came there",
      { state: "down" },
      [{ ...onN1, state: "pending" }],
      ["stop t1"],
    ],
    ["a node that is back waits for what it still stops", {}, [ended], ["create n1 ready"]],
    ["and for nothing else", {}, [{ ...ended, state: "shutdown" }], ["create n1 running"]],
    ["a task that failed is restarted", {}, [{ ...onN1, state: "failed" }], ["replace t1 ready"]],
  ])("%s", async (_, node, tasks, expected) => {
    const nodes = [{ id: "n1", ...node }];
    expect(await planned({ mode, nodes, tasks, policy: {} })).toEqual(expected);
  });

  test.each<[string, TaskSketch, string[]]>([
    ["complete", { ...ended, state: "complete" }, []],
    ["failed", { ...ended, state: "failed" }, []],
    ["stopped for a drain", { ...ended, state: "shutdown" }, ["create n1 running"]],
    ["given up", { ...ended, state: "orphaned" }, ["create n1 running"]],
  ])("without restarts, a node whose task is %s", async (_, task, expected) => {
    const nodes = [{ id: "n1" }];
    const policy = { Condition: "none" } as const;
    expect(await planned({ mode, nodes, tasks: [task], policy })).toEqual(expected);
  });

  test("constraints that a node fails empty it, and others are filled", async () => {
    const nodes = [{ id: "n1" }, { id: "n2", labels: { zone: "east" } }];
    const constraint = "node.labels.zone == east";
    expect(await planned({ mode, nodes, tasks: [onN1], policy: {}, constraint })).toEqual([
      "stop t1",
      "create n2 running",
    ]);
  });
});

describe("replicated job", () => {
  const job = (total: number, concurrent: number): ServiceMode => ({
    ReplicatedJob: { TotalCompletions: total, MaxConcurrent: concurrent },
  });
  const done = (slot: number): TaskSketch => ({
    id: `t${slot}`,
    slot,
    node: "n1",
    desired: "complete",
    state: "complete",
  });
  const runs = (slot: number): TaskSketch => ({ ...done(slot), state: "running" });
  const gaveUp = (slot: number): TaskSketch => ({
    ...done(slot),
    desired: "shutdown",
    state: "failed",
  });

  test.each<[string, number, number, TaskSketch[], string[]]>([
    ["begins with the lowest slots", 3, 2, [], ["create 1 complete", "create 2 complete"]],
    ["goes on when one is complete", 3, 2, [done(1), runs(2)], ["create 3 complete"]],
    ["runs no more than it may", 9, 2, [runs(1), runs(2)], []],
    ["ends", 2, 2, [done(1), done(2)], []],
    ["fills a gap first", 3, 3, [done(1), runs(3)], ["create 2 complete"]],
    [
      "counts a slot that gave up as held, and not as running",
      2,
      1,
      [gaveUp(1)],
      ["create 2 complete"],
    ],
    ["restarts a failure", 1, 1, [{ ...runs(1), state: "failed" }], ["replace t1 ready"]],
    ["begins nothing where none may run", 3, 0, [runs(1)], []],
    [
      "gives up the highest where fewer are wanted",
      2,
      9,
      [done(1), runs(2), runs(3)],
      ["remove t3"],
    ],
    ["keeps what is complete beyond that", 1, 9, [done(1), done(2), runs(3)], ["remove t3"]],
    [
      "runs again with a new revision",
      2,
      1,
      [
        { ...done(1), revision: 1 },
        { ...runs(2), revision: 1 },
        { ...gaveUp(3), revision: 1 },
      ],
      ["remove t1", "remove t2", "remove t3", "create 1 complete"],
    ],
    [
      "waits for what the run before still stops",
      1,
      1,
      [{ ...runs(1), revision: 1 }],
      ["remove t1", "create 1 ready"],
    ],
  ])("%s", async (_, total, concurrent, tasks, expected) => {
    const nodes = [{ id: "n1" }];
    const mode = job(total, concurrent);
    expect(await planned({ mode, nodes, tasks, policy: {} })).toEqual(expected);
  });
});

describe("global job", () => {
  const mode: ServiceMode = { GlobalJob: {} };
  const done: TaskSketch = {
    id: "t1",
    slot: 0,
    node: "n1",
    desired: "complete",
    state: "complete",
  };
  const runs: TaskSketch = { ...done, state: "running" };

  test.each<[string, NodeSketch, TaskSketch[], string[]]>([
    ["every node runs it", {}, [], ["create n1 complete"]],
    ["once", {}, [done], []],
    ["what a drained node has completed stays completed", { availability: "drain" }, [done], []],
    ["what it runs is stopped", { availability: "drain" }, [runs], ["stop t1"]],
    [
      "and begun anew when it is back",
      {},
      [{ ...runs, desired: "shutdown", state: "shutdown" }],
      ["create n1 complete"],
    ],
    [
      "a new revision runs it again",
      {},
      [{ ...done, revision: 1 }],
      ["remove t1", "create n1 complete"],
    ],
    [
      "after what gave up in the run before, too",
      {},
      [{ ...done, revision: 1, desired: "shutdown", state: "failed" }],
      ["remove t1", "create n1 complete"],
    ],
  ])("%s", async (_, node, tasks, expected) => {
    const nodes = [{ id: "n1", ...node }];
    expect(await planned({ mode, nodes, tasks, policy: {} })).toEqual(expected);
  });
});
