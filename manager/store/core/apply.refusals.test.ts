import { describe, expect, test } from "vitest";

import type { ErrorCode } from "../../../shared/errors/cluster-error.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import {
  commandOf,
  createNode,
  createService,
  createTask,
  idOf,
  sampleCluster,
  sampleNode,
  sampleRevision,
  sampleService,
  sampleStatus,
} from "../../../test/store/samples.js";
import { type Applied, applyCommand } from "./apply.js";
import type { Change, ChangeOf } from "./change.js";
import { emptyReplica, type Replica } from "./replica.js";

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

describe("a change that does not fit is refused", () => {
  const refused: readonly (readonly [string, readonly Change[], Change, ErrorCode, RegExp])[] = [
    ["a second cluster", [createCluster], createCluster, "already-exists", /cluster c1/],
    ["a cluster that is not", [], { kind: "update-cluster", epoch: 2 }, "not-found", /not found/],
    [
      "a cluster's earlier version",
      [createCluster],
      { kind: "update-cluster", expectedVersion: 7, spec: {} },
      "stale-version",
      /version 1.*from 7/,
    ],
    [
      "an epoch that falls",
      [createCluster],
      { kind: "update-cluster", epoch: 0 },
      "failed-precondition",
      /1 and cannot go back to 0/,
    ],
    ["a node's id again", [createNode("n1")], createNode("n1"), "already-exists", /node n1/],
    [
      "a node that is not",
      [],
      { kind: "update-node", nodeId: N1, spec: {} },
      "not-found",
      /node n1/,
    ],
    [
      "a node's earlier version",
      [createNode("n1")],
      { kind: "update-node", nodeId: N1, expectedVersion: 0, spec: {} },
      "stale-version",
      /version 1.*from 0/,
    ],
    [
      "an observation of no node",
      [],
      { kind: "observe-node", nodeId: N1, status: sampleNode("n1").status },
      "not-found",
      /node n1/,
    ],
    ["the removal of no node", [], removeN1, "not-found", /node n1/],
    [
      "the removal of a manager",
      [createNode("n1", { spec: { Role: "manager" } })],
      removeN1,
      "failed-precondition",
      /demoted/,
    ],
    [
      "the removal of a former manager that still takes part",
      [createNode("n1", { manager: { memberId: "1.1", address: "" } })],
      removeN1,
      "failed-precondition",
      /demoted/,
    ],
    [
      "a worker's part in consensus",
      [createNode("n1")],
      { kind: "set-manager", nodeId: N1, manager: { memberId: "1.2", address: "" } },
      "failed-precondition",
      /promote/,
    ],
    ["a service's id again", [createService("s1")], createService("s1"), "already-exists", /s1/],
    [
      "the id of a service whose tasks are still there",
      [...WORLD, removeS1],
      createService("s1"),
      "already-exists",
      /s1/,
    ],
    [
      "a service's name again",
      [createService("s1")],
      { ...createService("s2"), service: sampleService("s1", { id: S2 }) } as Change,
      "name-conflict",
      /s1 already exists/,
    ],
    [
      "a service with another's revision",
      [],
      { ...createService("s1"), revision: sampleRevision("s2") } as Change,
      "failed-precondition",
      /revision/,
    ],
    [
      "a service with another revision than it names",
      [],
      { ...createService("s1"), revision: sampleRevision("s1", 2) } as Change,
      "failed-precondition",
      /names its revision 1.*brings 2/,
    ],
    ["an update of no service", [], updateS1(), "not-found", /service s1/],
    [
      "a service's earlier version",
      [createService("s1"), updateS1()],
      updateS1({ expectedVersion: 1 }),
      "stale-version",
      /update out of sequence.*version 2.*from 1/,
    ],
    [
      "a new name that is another's",
      [createService("s1"), createService("s2")],
      updateS1({ frame: { Name: "s2" } }),
      "name-conflict",
      /s2/,
    ],
    [
      "an update to no revision",
      [createService("s1")],
      updateS1({ revision: 2 }),
      "failed-precondition",
      /no revision 2/,
    ],
    [
      "a new revision under an old number",
      [createService("s1")],
      updateS1({ newRevision: sampleRevision("s1", 1) }),
      "failed-precondition",
      /newest revision/,
    ],
    [
      "a new revision of another service",
      [createService("s1")],
      updateS1({ newRevision: sampleRevision("s2", 2) }),
      "failed-precondition",
      /s2/,
    ],
    [
      "a previous state that has no revision",
      [createService("s1")],
      updateS1({ previous: { frame: {}, revision: 9 } }),
      "failed-precondition",
      /no revision 9/,
    ],
    ["the removal of no service", [], removeS1, "not-found", /service s1/],
    [
      "the removal of no revision",
      [createService("s1")],
      { kind: "remove-revision", serviceId: S1, number: 2 },
      "failed-precondition",
      /no revision 2/,
    ],
    [
      "the removal of the present revision",
      [createService("s1")],
      { kind: "remove-revision", serviceId: S1, number: 1 },
      "failed-precondition",
      /in use/,
    ],
    [
      "the removal of the revision to roll back to",
      [
        createService("s1"),
        updateS1({
          revision: 2,
          newRevision: sampleRevision("s1", 2),
          previous: { frame: {}, revision: 1 },
        }),
      ],
      { kind: "remove-revision", serviceId: S1, number: 1 },
      "failed-precondition",
      /in use/,
    ],
    [
      "the removal of a task's revision",
      [...WORLD, updateS1({ revision: 2, newRevision: sampleRevision("s1", 2) })],
      { kind: "remove-revision", serviceId: S1, number: 1 },
      "failed-precondition",
      /in use/,
    ],
    ["a task's id again", WORLD, createTask("t1", "s1"), "already-exists", /task t1/],
    ["a task of no service", [], createTask("t1", "s1"), "not-found", /service s1/],
    [
      "a task of a removed service",
      [...WORLD, removeS1],
      createTask("t2", "s1"),
      "not-found",
      /service s1/,
    ],
    [
      "a task of no revision",
      [createService("s1")],
      createTask("t1", "s1", { revision: 2 }),
      "failed-precondition",
      /no revision 2/,
    ],
    [
      "a task on no node",
      [createService("s1")],
      createTask("t1", "s1", { nodeId: N1 }),
      "not-found",
      /node n1/,
    ],
    [
      "a task that runs nowhere",
      [createService("s1")],
      createTask("t1", "s1", { status: sampleStatus("running") }),
      "failed-precondition",
      /no node/,
    ],
    ["the assignment of no task", [createNode("n1")], assign, "not-found", /task t1/],
    [
      "the assignment to no node",
      [createService("s1"), createTask("t1", "s1")],
      assign,
      "not-found",
      /node n1/,
    ],
    ["a second assignment", PLACED, assign, "failed-precondition", /assigned/],
    [
      "the assignment of a task that is not pending yet",
      [
        createNode("n1"),
        createService("s1"),
        createTask("t1", "s1", { status: sampleStatus("new") }),
      ],
      assign,
      "failed-precondition",
      /is new/,
    ],
    [
      "the assignment of a task that is to stop",
      [...WORLD, want("shutdown")],
      assign,
      "failed-precondition",
      /wanted shutdown/,
    ],
    [
      "the assignment of a node's task to another",
      [
        createNode("n1"),
        createNode("n2"),
        createService("s1"),
        createTask("t1", "s1", { nodeId: N2 }),
      ],
      assign,
      "failed-precondition",
      /on node n2/,
    ],
    ["wanting no task", [], want("shutdown"), "not-found", /task t1/],
    [
      "wanting again what was to stop",
      [...WORLD, want("shutdown")],
      want("running"),
      "failed-precondition",
      /wanted shutdown, which running cannot follow/,
    ],
    ["an observation of no task", [], observe("running"), "not-found", /task t1/],
    [
      "an observation that goes back",
      [...PLACED, observe("running")],
      observe("starting"),
      "failed-precondition",
      /observed running, which starting cannot follow/,
    ],
    ["another end", ENDED, observe("complete"), "failed-precondition", /failed/],
    [
      "another container of a task that ended",
      ENDED,
      observe("failed", { container: { containerId: "other", pid: 0 } }),
      "failed-precondition",
      /failed/,
    ],
    ["an observation without a place", WORLD, observe("running"), "failed-precondition", /no node/],
    ["the removal of no task", [], removeT1, "not-found", /task t1/],
    ["the removal of a running task", PLACED, removeT1, "failed-precondition", /before it has/],
  ];

  test.each(refused)("%s", (_name, before, change, code, message) => {
    const replica = replicaWith(before);
    const hash = replica.hash.text();
    const applied = apply(replica, change);
    expect(applied).toMatchObject({ kind: "refused", sequence: before.length + 1 });
    if (applied.kind !== "refused") return;
    expect(applied.refusal.code).toBe(code);
    expect(applied.refusal.message).toMatch(message);
    expect(replica.hash.text()).toBe(hash);
  });
});
