import { expect, test } from "vitest";

import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Network } from "../../../shared/model/network.js";
import {
  commandOf,
  createNode,
  createService,
  createTask,
  idOf,
  sampleNetwork,
  sampleStatus,
} from "../../../test/store/samples.js";
import { applyCommand } from "./apply.js";
import type { Change } from "./change.js";
import { emptyReplica, type Replica } from "./replica.js";

const W1 = idOf<NetworkId>("w1");
const N1 = idOf<NodeId>("n1");
const T1 = idOf<TaskId>("t1");
const T2 = idOf<TaskId>("t2");
const ON_W1 = [{ networkId: W1, addresses: ["10.240.0.2"] }];

const createW = (name: string, changes: Partial<Network> = {}): Change => ({
  kind: "create-network",
  network: sampleNetwork(name, changes),
});
const removeW1: Change = { kind: "remove-network", networkId: W1 };
const observe = (taskId: TaskId, state: "running" | "failed"): Change => ({
  kind: "observe-task",
  taskId,
  status: sampleStatus(state),
});
const stop = (taskId: TaskId): Change => ({ kind: "want-task", taskId, desired: "shutdown" });

/** Two tasks that run on a network. */
function world(): Replica {
  const replica = emptyReplica();
  const running = { nodeId: N1, status: sampleStatus("running"), addresses: ON_W1 };
  const made = [
    createNode("n1"),
    createW("w1"),
    createService("s1"),
    createTask("t1", "s1", running),
    createTask("t2", "s1", running),
  ];
  for (const change of made) expect(apply(replica, change)).toBe("");
  return replica;
}

/** @returns why not; empty where it was applied. */
function apply(replica: Replica, change: Change): string {
  const applied = applyCommand(replica, commandOf([change]));
  return applied.kind === "refused" ? applied.refusal.message : "";
}

test("a network whose tasks are all to stop can be removed, and is kept until they have ended", () => {
  const replica = world();
  expect(apply(replica, stop(T1))).toBe("");
  expect(apply(replica, removeW1)).toBe(`network ${W1} is in use by task ${T2}`);
  expect(apply(replica, stop(T2))).toBe("");
  expect(apply(replica, removeW1)).toBe("");
  expect(replica.tables.network(W1)).toMatchObject({ vni: 4_096, removedAtMs: 5_000 });
  expect(replica.tables.networkByName("w1")).toBeUndefined();
  expect(apply(replica, removeW1)).toContain("not found");
  expect(apply(replica, observe(T1, "failed"))).toBe("");
  expect(replica.tables.network(W1)).toBeDefined();
  expect(apply(replica, observe(T2, "failed"))).toBe("");
  expect(replica.tables.network(W1)).toBeUndefined();
});

test("tasks of a service that is gone are to stop, before anybody has said so", () => {
  const replica = world();
  expect(apply(replica, { kind: "remove-service", serviceId: idOf<ServiceId>("s1") })).toBe("");
  expect(apply(replica, removeW1)).toBe("");
  expect(replica.tables.network(W1)?.removedAtMs).toBe(5_000);
  expect(apply(replica, { kind: "remove-node", nodeId: N1 })).toBe("");
  expect(replica.tables.network(W1)).toBeUndefined();
});

test("its name is free at once, its VXLAN is not", () => {
  const replica = world();
  for (const change of [stop(T1), stop(T2), removeW1]) expect(apply(replica, change)).toBe("");
  const again = { spec: { Name: "w1" } };
  expect(apply(replica, createW("w2", again))).toMatch(/^VXLAN 4096 is that of network w1 \(w1z/);
  expect(apply(replica, createW("w2", { ...again, vni: 4_097 }))).toBe("");
  for (const change of [observe(T1, "failed"), observe(T2, "failed")])
    expect(apply(replica, change)).toBe("");
  expect(replica.tables.networkByName("w1")?.id).toBe(idOf("w2"));
  expect(replica.tables.networks()).toHaveLength(1);
});
