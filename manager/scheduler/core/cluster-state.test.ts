import { describe, expect, test } from "vitest";

import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import {
  type NodeSketch,
  sampleNode,
  sampleRevision,
  sampleTask,
} from "../../../test/samples/objects.js";
import { ClusterState, type Decisions } from "./cluster-state.js";

const MANY = 1_000_000;
const MEBIBYTE = 2 ** 20;

/**
 * A state with these nodes and a waiting task for each name, all of one service unless the
 * name says `service:task`.
 */
function clusterOf(
  nodes: readonly NodeSketch[],
  options: {
    readonly waiting?: readonly string[];
    readonly running?: readonly (readonly [string, string])[];
    readonly template?: TaskSpec;
    readonly hostPorts?: readonly EndpointPortConfig[];
  } = {},
): ClusterState {
  const state = new ClusterState();
  for (const node of nodes) state.observe({ type: "node", after: sampleNode(node) });
  const names = [...(options.waiting ?? []), ...(options.running ?? []).map(([name]) => name)];
  for (const service of new Set(names.map(serviceOf))) {
    const revision = sampleRevision({
      serviceId: service as ServiceId,
      number: 1,
      template: options.template ?? {},
    });
    const { hostPorts } = options;
    const after = hostPorts === undefined ? revision : { ...revision, hostPorts };
    state.observe({ type: "revision", after });
  }
  for (const [name, node] of options.running ?? []) {
    state.observe({ type: "task", after: runningTask(name, node) });
  }
  for (const name of options.waiting ?? [])
    state.observe({ type: "task", after: waitingTask(name) });
  return state;
}

function serviceOf(name: string): string {
  return name.includes(":") ? (name.split(":")[0] ?? "") : "service";
}

function waitingTask(name: string): Task {
  return sampleTask({ id: name, service: serviceOf(name), state: "pending" });
}

function runningTask(name: string, node: string): Task {
  return sampleTask({ id: name, service: serviceOf(name), node });
}

function placesOf({ placements }: Decisions): Record<string, string> {
  return Object.fromEntries(placements.map(({ taskId, nodeId }) => [taskId, nodeId]));
}

function perNode({ placements }: Decisions): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { nodeId } of placements) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
  return counts;
}

function reasonOf(state: ClusterState): string | undefined {
  return state.decide(MANY, 0).refusals[0]?.reason;
}

function numbered(count: number, prefix = "task"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

const threeNodes = [{ id: "n1" }, { id: "n2" }, { id: "n3" }];

describe("spread", () => {
  test("six tasks over three empty nodes are two each", () => {
    const state = clusterOf(threeNodes, { waiting: numbered(6) });
    expect(perNode(state.decide(MANY, 0))).toEqual({ n1: 2, n2: 2, n3: 2 });
  });

  test("the service's own tasks count before the node's other load", () => {
    const state = clusterOf(threeNodes, {
      running: [
        ["web:1", "n1"],
        ["other:1", "n2"],
        ["other:2", "n2"],
        ["other:3", "n3"],
      ],
      waiting: ["web:2", "web:3", "web:4"],
    });
    expect(placesOf(state.decide(MANY, 0))).toEqual({
      "web:2": "n3",
      "web:3": "n2",
      "web:4": "n1",
    });
  });

  test("among equals the least reserved node is taken", () => {
    const template: TaskSpec = { Resources: { Reservations: { NanoCPUs: 1e9 } } };
    const state = clusterOf(
      [
        { id: "n1", nanoCpus: 4e9 },
        { id: "n2", nanoCpus: 16e9 },
      ],
      {
        template,
        running: [
          ["a:1", "n1"],
          ["b:1", "n2"],
          ["c:1", "n2"],
        ],
        waiting: ["web:1"],
      },
    );
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "web:1": "n2" });
  });

  test("over the values of a label first, and within them over nodes", () => {
    const nodes = [
      { id: "e1", labels: { zone: "east" } },
      { id: "e2", labels: { zone: "east" } },
      { id: "e3", labels: { zone: "east" } },
      { id: "w1", labels: { zone: "west" } },
    ];
    const template: TaskSpec = {
      Placement: { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }] },
    };
    const state = clusterOf(nodes, { template, waiting: numbered(6) });
    expect(perNode(state.decide(MANY, 0))).toEqual({ e1: 1, e2: 1, e3: 1, w1: 3 });
  });

  test("a full branch leaves its share to the others", () => {
    const nodes = [
      { id: "e1", labels: { zone: "east" } },
      { id: "w1", labels: { zone: "west" }, memoryBytes: 100 * MEBIBYTE },
    ];
    const template: TaskSpec = {
      Placement: { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }] },
      Resources: { Reservations: { MemoryBytes: 100 * MEBIBYTE } },
    };
    const state = clusterOf(nodes, { template, waiting: numbered(5) });
    expect(perNode(state.decide(MANY, 0))).toEqual({ e1: 4, w1: 1 });
  });
});

describe("a network that spans hosts", () => {
  const template: TaskSpec = { Networks: [{ Target: "front" }] };

  test("takes its tasks only where there is one, the network of the host anywhere", () => {
    const nodes = [{ id: "n1", networkPlugins: ["bridge", "overlay"] }, { id: "n2" }];
    const state = clusterOf(nodes, { template, waiting: numbered(4) });
    expect(perNode(state.decide(MANY, 0))).toEqual({ n1: 4 });
    const own = { template: { Networks: [{ Target: "host" }] }, waiting: numbered(4) };
    expect(perNode(clusterOf(nodes, own).decide(MANY, 0))).toEqual({ n1: 2, n2: 2 });
  });

  test("takes what waited once a host can have it", () => {
    const state = clusterOf([{ id: "n1" }], { template, waiting: ["task0"] });
    expect(placesOf(state.decide(MANY, 0))).toEqual({});
    const before = sampleNode({ id: "n1" });
    const after = sampleNode({ id: "n1", networkPlugins: ["overlay"] });
    state.observe({ type: "node", before, after });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ task0: "n1" });
  });
});

describe("a task without a node is told why", () => {
  const hundredMib: TaskSpec = { Resources: { Reservations: { MemoryBytes: 100 * MEBIBYTE } } };
  const port: EndpointPortConfig = { Protocol: "tcp", PublishedPort: 80, PublishMode: "host" };

  test.each<[string, readonly NodeSketch[], Parameters<typeof clusterOf>[1], string]>([
    ["no nodes", [], {}, "no suitable node (the cluster has no nodes)"],
    ["down", [{ state: "down" }], {}, "no suitable node (1 node not available for new tasks)"],
    [
      "drained or paused",
      [
        { id: "n1", availability: "drain" },
        { id: "n2", availability: "pause" },
      ],
      {},
      "no suitable node (2 nodes not available for new tasks)",
    ],
    [
      "memory",
      [{ memoryBytes: 99 * MEBIBYTE }],
      { template: hundredMib },
      "no suitable node (insufficient resources on 1 node)",
    ],
    [
      "cpu",
      [{ nanoCpus: 1e9 }],
      { template: { Resources: { Reservations: { NanoCPUs: 2e9 } } } },
      "no suitable node (insufficient resources on 1 node)",
    ],
    [
      "a label",
      [{}],
      { template: { Placement: { Constraints: ["node.labels.zone==east"] } } },
      "no suitable node (scheduling constraints not satisfied on 1 node)",
    ],
    [
      "a name",
      threeNodes,
      { template: { Placement: { Constraints: ["node.hostname==n4"] } } },
      "no suitable node (scheduling constraints not satisfied on 3 nodes)",
    ],
    [
      "a platform",
      [{}],
      { template: { Placement: { Platforms: [{ OS: "linux", Architecture: "arm64" }] } } },
      "no suitable node (unsupported platform on 1 node)",
    ],
    [
      "a host port",
      [{ id: "n1" }],
      { hostPorts: [port], running: [["other:1", "n1"]] },
      "no suitable node (host-mode port already in use on 1 node)",
    ],
    [
      "replicas per node",
      [{ id: "n1" }],
      { template: { Placement: { MaxReplicas: 1 } }, running: [["task9", "n1"]] },
      "no suitable node (max replicas per node limit exceed on 1 node)",
    ],
    [
      "a network that spans hosts, where some host's kernel is out of reach",
      [{ id: "n1" }, { id: "n2", networkPlugins: ["bridge"] }],
      { template: { Networks: [{ Target: "front" }] } },
      "no suitable node (missing network plugin on 2 nodes)",
    ],
    [
      "several things, the most common first",
      [
        { id: "n1", labels: { zone: "west" } },
        { id: "n2", memoryBytes: 1, labels: { zone: "east" } },
        { id: "n3", memoryBytes: 2, labels: { zone: "east" } },
      ],
      { template: { ...hundredMib, Placement: { Constraints: ["node.labels.zone==east"] } } },
      "no suitable node (insufficient resources on 2 nodes; scheduling constraints not satisfied on 1 node)",
    ],
  ])("%s", (_, nodes, options, reason) => {
    expect(reasonOf(clusterOf(nodes, { ...options, waiting: ["task0"] }))).toBe(reason);
  });

  test("a node whose processes run out", () => {
    const state = clusterOf([], {
      template: { Resources: { Limits: { Pids: 600 } } },
      waiting: ["task0", "task1"],
    });
    const node = sampleNode({ id: "n1" });
    const description = {
      ...node.description,
      Resources: { ...node.description?.Resources, Pids: 1000 },
    };
    state.observe({ type: "node", after: { ...node, description } });
    const { placements, refusals } = state.decide(MANY, 0);
    expect(placements).toHaveLength(1);
    expect(refusals[0]).toEqual({
      taskIds: ["task1"],
      reason: "no suitable node (insufficient resources on 1 node)",
    });
  });

  test("is told once, and not tried again while nothing changes", () => {
    const state = clusterOf([{ state: "down" }], { waiting: ["task0"] });
    const [refusal] = state.decide(MANY, 0).refusals;
    const before = waitingTask("task0");
    const error = refusal?.reason ?? "";
    state.observe({
      type: "task",
      before,
      after: { ...before, status: { ...before.status, error } },
    });
    expect(state.hasWork).toBe(false);
  });
});

describe("what could unblock a task is tried", () => {
  const whole: TaskSpec = { Resources: { Reservations: { NanoCPUs: 8e9 } } };

  test("a node that becomes ready", () => {
    const state = clusterOf([{ id: "n1", state: "down" }], { waiting: ["task0"] });
    state.decide(MANY, 0);
    state.observe({
      type: "node",
      before: sampleNode({ id: "n1", state: "down" }),
      after: sampleNode({ id: "n1" }),
    });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ task0: "n1" });
  });

  test("a task that was seen to end, not one that is only told to", () => {
    const state = clusterOf([{ id: "n1" }], {
      template: whole,
      running: [["a:1", "n1"]],
      waiting: ["b:1"],
    });
    expect(state.decide(MANY, 0).placements).toEqual([]);
    const running = runningTask("a:1", "n1");
    const told: Task = { ...running, desired: "shutdown" };
    state.observe({ type: "task", before: running, after: told });
    expect(state.decide(MANY, 0).placements).toEqual([]);
    const ended: Task = { ...told, status: { ...told.status, state: "shutdown" } };
    state.observe({ type: "task", before: told, after: ended });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "b:1": "n1" });
  });

  test("a placement that was given up", () => {
    const state = clusterOf([{ id: "n1" }], { template: whole, waiting: ["a:1", "b:1"] });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "a:1": "n1" });
    state.abandon(waitingTask("a:1").id, undefined);
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "b:1": "n1" });
  });

  test("a placement whose task was given up before it was written", () => {
    const state = clusterOf([{ id: "n1" }], { template: whole, waiting: ["a:1", "b:1"] });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "a:1": "n1" });
    state.observe({ type: "task", before: waitingTask("a:1") });
    expect(placesOf(state.decide(MANY, 0))).toEqual({ "b:1": "n1" });
  });
});

test("a placement that commits is counted once", () => {
  const half: TaskSpec = { Resources: { Reservations: { NanoCPUs: 4e9 } } };
  const state = clusterOf([{ id: "n1" }], { template: half, waiting: ["task0"] });
  state.decide(MANY, 0);
  const before = waitingTask("task0");
  state.observe({ type: "task", before, after: { ...runningTask("task0", "n1") } });
  state.observe({ type: "task", after: waitingTask("task1") });
  state.observe({ type: "task", after: waitingTask("task2") });
  expect(placesOf(state.decide(MANY, 0))).toEqual({ task1: "n1" });
});
