import { describe, expect, test } from "vitest";

import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { type ManagerMember, presentRole } from "../../../shared/model/node.js";
import { REVISIONS_KEPT } from "../../../shared/model/revision.js";
import {
  commandOf,
  createNode,
  createService,
  createTask,
  idOf,
  sampleCluster,
  sampleRevision,
  sampleService,
  sampleStatus,
  sampleTask,
} from "../../../test/store/samples.js";
import { type Applied, applyCommand } from "./apply.js";
import type { Change, ChangeOf, Command } from "./change.js";
import { emptyReplica, type Replica } from "./replica.js";
import { REQUESTS_KEPT } from "./requests.js";

const S1 = idOf<ServiceId>("s1");
const S2 = idOf<ServiceId>("s2");
const N1 = idOf<NodeId>("n1");
const N2 = idOf<NodeId>("n2");
const T1 = idOf<TaskId>("t1");

const createCluster: Change = { kind: "create-cluster", cluster: sampleCluster() };
const assign: Change = { kind: "assign-task", taskId: T1, nodeId: N1, message: "assigned" };
const want = (desired: ChangeOf<"want-task">["desired"]): Change => ({
  kind: "want-task",
  taskId: T1,
  desired,
});
const observe = (...status: Parameters<typeof sampleStatus>): Change => ({
  kind: "observe-task",
  taskId: T1,
  status: sampleStatus(...status),
});
const removeT1: Change = { kind: "remove-task", taskId: T1 };
const removeS1: Change = { kind: "remove-service", serviceId: S1 };
const removeN1: Change = { kind: "remove-node", nodeId: N1 };
const updateS1 = (changes: Partial<ChangeOf<"update-service">> = {}): Change => ({
  kind: "update-service",
  serviceId: S1,
  frame: sampleService("s1").frame,
  revision: 1,
  ...changes,
});
const container = { containerId: "abc", pid: 12 };

/** A service with a task, a node to put it on. */
const WORLD = [createNode("n1"), createService("s1"), createTask("t1", "s1")];
const PLACED = [...WORLD, assign];
const ENDED = [...PLACED, observe("running", { container }), observe("failed", { container })];

/** Applied one by one: what they make has the versions 1, 2, 3, … */
function replicaWith(changes: readonly Change[]): Replica {
  const replica = emptyReplica();
  for (const change of changes)
    expect(applyCommand(replica, commandOf([change]))).toMatchObject({ kind: "applied" });
  return replica;
}

function apply(replica: Replica, ...changes: Change[]): Applied {
  return applyCommand(replica, commandOf(changes));
}

describe("all of a command or nothing", () => {
  test.each<readonly [string, readonly Change[]]>([
    ["new objects", [createNode("n2"), createTask("t2", "s1"), removeT1, removeT1]],
    ["an object changed twice", [assign, want("shutdown"), assign]],
    [
      "a name that went from hand to hand",
      [
        removeS1,
        { ...createService("s2"), service: sampleService("s1", { id: S2 }) } as Change,
        removeS1,
      ],
    ],
    ["a new revision", [updateS1({ revision: 3, newRevision: sampleRevision("s1", 2) })]],
    ["what came with it", [removeT1, removeS1, removeN1, removeN1]],
  ])("%s", (_name, changes) => {
    const replica = replicaWith(WORLD);
    const hash = replica.hash.text();
    const before = [replica.tables.tasks(), replica.tables.services(), replica.tables.nodes()];
    expect(apply(replica, ...changes).kind).toBe("refused");
    expect(replica.hash.text()).toBe(hash);
    const { tables } = replica;
    expect([tables.tasks(), tables.services(), tables.nodes()]).toEqual(before);
    expect(tables.serviceByName("s1")?.id).toBe(S1);
    expect(tables.revisions(S1)).toHaveLength(1);
  });

  test("a node takes part in consensus until it is said to do so no more", () => {
    const replica = replicaWith([createNode("n1", { spec: { Role: "manager" } })]);
    const set = (manager?: ManagerMember): Change => ({
      kind: "set-manager",
      nodeId: N1,
      ...(manager && { manager }),
    });
    const version = replica.tables.node(N1)?.version;
    apply(replica, set({ memberId: "1.2", address: "a:1" }));
    apply(replica, { kind: "update-node", nodeId: N1, spec: { Role: "worker" } });
    // It goes on to say where it is.
    apply(replica, set({ memberId: "1.2", address: "b:1" }));
    expect(replica.tables.node(N1)?.manager).toEqual({ memberId: "1.2", address: "b:1" });
    expect(presentRole(replica.tables.node(N1)!)).toBe("manager");
    apply(replica, set());
    expect(replica.tables.node(N1)?.manager).toBeUndefined();
    expect(presentRole(replica.tables.node(N1)!)).toBe("worker");
    expect(version).toBe(1);
  });

  test("an object changed twice is one event, from what it was to what it is", () => {
    const replica = replicaWith(WORLD);
    const before = replica.tables.task(T1);
    const applied = apply(replica, assign, want("shutdown"), createNode("n2"), {
      kind: "remove-node",
      nodeId: N2,
    });
    const after = replica.tables.task(T1);
    expect(applied).toMatchObject({ events: [{ type: "task", before, after }] });
    expect(after).toMatchObject({ nodeId: N1, desired: "shutdown" });
  });
});

describe("versions and times", () => {
  const at = (atMs: number, change: Change): Command => commandOf([change], { atMs });

  test("an object has the number and the time of the command that made it", () => {
    const replica = emptyReplica();
    applyCommand(replica, at(10, createService("s1")));
    applyCommand(replica, at(20, createTask("t1", "s1")));
    expect(replica.tables.service(S1)).toMatchObject({ version: 1, createdAtMs: 10 });
    expect(replica.tables.revision(S1, 1)).toMatchObject({ createdAtMs: 10 });
    expect(replica.tables.task(T1)).toMatchObject({ version: 2, createdAtMs: 20, updatedAtMs: 20 });
  });

  test("what the system observes leaves the version alone, what a user changes does not", () => {
    const replica = replicaWith([createCluster, ...PLACED]);
    const node = replica.tables.node(N1)!;
    applyCommand(replica, at(70, { kind: "observe-node", nodeId: N1, status: node.status }));
    expect(replica.tables.node(N1)).toMatchObject({ version: node.version, updatedAtMs: 70 });
    applyCommand(replica, at(80, { kind: "update-node", nodeId: N1, spec: { Name: "n" } }));
    expect(replica.tables.node(N1)).toMatchObject({ version: 7, spec: { Name: "n" } });
    applyCommand(replica, at(90, observe("running")));
    expect(replica.tables.task(T1)).toMatchObject({ version: 4, updatedAtMs: 90 });
    applyCommand(replica, at(95, want("shutdown")));
    expect(replica.tables.task(T1)).toMatchObject({ version: 9, createdAtMs: 5_000 });
    applyCommand(replica, at(96, { kind: "update-cluster", epoch: 4 }));
    expect(replica.tables.cluster()).toMatchObject({ version: 1, epoch: 4, updatedAtMs: 96 });
    applyCommand(replica, at(97, { kind: "update-cluster", spec: {}, expectedVersion: 1 }));
    expect(replica.tables.cluster()).toMatchObject({ version: 11, epoch: 4, spec: {} });
  });

  test("the same wish or observation again is no event", () => {
    const replica = replicaWith([...PLACED, observe("running", { container })]);
    expect(apply(replica, want("running"))).toMatchObject({ events: [] });
    expect(apply(replica, observe("running", { container, atMs: 9 }))).toMatchObject({
      events: [],
    });
  });

  test("the same state may bring a new message, error or container", () => {
    const replica = replicaWith([...PLACED, observe("running", { container })]);
    const moved = { containerId: "new", pid: 1 };
    apply(replica, observe("running", { container: moved, error: "slow" }));
    expect(replica.tables.task(T1)?.status).toMatchObject({ container: moved, error: "slow" });
  });
});

describe("what goes with something else", () => {
  test("a removed node's tasks are orphaned, those that had ended are left", () => {
    const replica = replicaWith([
      ...ENDED,
      createTask("t2", "s1", { nodeId: N1, status: sampleStatus("running", { error: "slow" }) }),
      removeN1,
    ]);
    expect(replica.tables.tasksOfNode(N1).map(({ status }) => status)).toMatchObject([
      { state: "failed" },
      { state: "orphaned", message: "node was removed" },
    ]);
    expect(replica.tables.task(idOf("t2"))?.status.error).toBeUndefined();
  });

  test("an ended task may still be orphaned, and then be removed", () => {
    const replica = replicaWith([...ENDED, observe("orphaned"), removeT1]);
    expect(replica.tables.taskCount()).toBe(0);
  });

  test("a removed service leaves its tasks, and its revisions until the last of them is removed", () => {
    const replica = replicaWith([...WORLD, createTask("t2", "s1"), removeS1, removeT1]);
    expect(replica.tables.servicesWithTasks()).toEqual([S1]);
    expect(replica.tables.revision(S1, 1)).toBeDefined();
    const last = apply(replica, { kind: "remove-task", taskId: idOf("t2") });
    expect(last).toMatchObject({ events: [{ type: "task" }, { type: "revision" }] });
    expect(replica.tables.servicesWithTasks()).toEqual([]);
    expect(apply(replica, createService("s1")).kind).toBe("applied");
  });

  test("a service without tasks takes its revisions with it", () => {
    const replica = replicaWith([createService("s1"), removeS1]);
    expect(replica.tables.revisions(S1)).toEqual([]);
  });

  test("kept are the revisions in use and the newest others", () => {
    const updates = Array.from({ length: 40 }, (_, place) =>
      updateS1({ revision: place + 2, newRevision: sampleRevision("s1", place + 2) }),
    );
    const replica = replicaWith([...WORLD, ...updates]);
    const kept = replica.tables.revisions(S1).map(({ number }) => number);
    expect(kept).toEqual([1, ...Array.from({ length: REVISIONS_KEPT }, (_, n) => 16 + n), 41]);
  });

  test("a task made for its node is assigned to that node", () => {
    const replica = replicaWith([
      createNode("n1"),
      createService("s1"),
      createTask("t1", "s1", { nodeId: N1, slot: 0 }),
      assign,
    ]);
    expect(replica.tables.task(T1)).toMatchObject({ nodeId: N1, status: { state: "assigned" } });
    expect(replica.tables.tasksOfSlot(S1, 0)).toHaveLength(1);
  });

  test("an update without a previous state leaves nothing to roll back to", () => {
    const previous = { frame: sampleService("s1").frame, revision: 1 };
    const replica = replicaWith([createService("s1"), updateS1({ previous })]);
    expect(replica.tables.service(S1)?.previous).toEqual(previous);
    apply(replica, updateS1());
    expect(replica.tables.service(S1)).not.toHaveProperty("previous");
  });
});

describe("requests with an id", () => {
  const request = (requestId: string, change: Change): Command =>
    commandOf([change], { requestId });

  test("the same request again gets the same answer and changes nothing", () => {
    const replica = emptyReplica();
    applyCommand(replica, request("r1", createService("s1")));
    const hash = replica.hash.text();
    const outcome = { requestId: "r1", sequence: 1, objectId: S1 };
    expect(replica.requests.get("r1")).toEqual(outcome);
    expect(applyCommand(replica, request("r1", createService("s2")))).toEqual({
      kind: "repeated",
      sequence: 2,
      outcome,
    });
    expect(replica.hash.text()).toBe(hash);
    expect(replica.tables.sequence).toBe(2);
  });

  test("a failure is remembered too", () => {
    const replica = emptyReplica();
    applyCommand(replica, request("r1", removeS1));
    applyCommand(replica, commandOf([createService("s1")]));
    expect(applyCommand(replica, request("r1", removeS1))).toMatchObject({
      kind: "repeated",
      outcome: { sequence: 1, error: { code: "not-found", message: expect.stringContaining(S1) } },
    });
    expect(replica.tables.service(S1)).toBeDefined();
  });

  test("the oldest are forgotten, and the hash forgets them with it", () => {
    const [long, short] = [emptyReplica(), emptyReplica()];
    for (let number = 0; number <= REQUESTS_KEPT; number++)
      applyCommand(long, request(`r${number}`, removeS1));
    expect(long.requests.get("r0")).toBeUndefined();
    expect(long.requests.get("r1")).toMatchObject({ sequence: 2 });
    applyCommand(short, commandOf([removeS1]));
    for (let number = 1; number <= REQUESTS_KEPT; number++)
      applyCommand(short, request(`r${number}`, removeS1));
    expect(short.hash.text()).toBe(long.hash.text());
  });
});

test("a task is the same object in every listing", () => {
  const { tables } = replicaWith(PLACED);
  const task = tables.task(T1);
  const listed = [
    tables.tasks(),
    tables.tasksOfNode(N1),
    tables.tasksOfService(S1),
    tables.tasksOfSlot(S1, 1),
    tables.tasksInState("assigned"),
  ];
  for (const tasks of listed) expect(tasks[0]).toBe(task);
  expect(sampleTask("t1", "s1").id).toBe(T1);
});
