/** Hosts that leave, are removed, and come back: what they hear, and what becomes of their tasks. */
import { rm } from "node:fs/promises";
import { join as pathOf } from "node:path";

import { expect, test } from "vitest";

import { settles } from "./eventually.js";
import { join, nodesOf, swarmOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands } from "./task-processes.js";

const CREATE = ["service", "create", "--detach", "--name", "web", "--stop-grace-period", "1s"];

async function hosts(): Promise<{ manager: SkepdProcess; worker: SkepdProcess }> {
  const manager = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  const worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  await join(worker, manager);
  return { manager, worker };
}

async function running(skepd: SkepdProcess, count: number): Promise<void> {
  await settles(async () => {
    expect(await taskCommands(skepd.dataDir)).toHaveLength(count);
  });
}

test("a worker that leaves has stopped its tasks, is down at once, and can be removed", async () => {
  const { manager, worker } = await hosts();
  await using _manager = manager;
  await using _worker = worker;
  await manager.skep.output([...CREATE, "--replicas", "4", "none", "sleep", "10000"]);
  await running(worker, 2);
  const { NodeID: id } = await swarmOf(worker);

  expect((await manager.docker.run(["node", "rm", "host-b"])).stderr.trim()).toBe(
    `Error response from daemon: rpc error: code = FailedPrecondition desc = node ${id} is not down and can't be removed`,
  );
  expect(await worker.docker.output(["swarm", "leave"])).toBe("Node left the swarm.");
  expect(await taskCommands(worker.dataDir)).toEqual([]);
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Down"]);
  const status = ["node", "inspect", "--format", "{{.Status.State}} {{.Status.Message}}", "host-b"];
  expect(await manager.docker.output(status)).toBe("down the node left the cluster");
  await running(manager, 4);
  expect((await swarmOf(worker)).LocalNodeState).toBe("inactive");
  expect((await worker.docker.run(["swarm", "leave"])).stderr.trim()).toBe(
    "Error response from daemon: This node is not part of a swarm",
  );

  // With several, each that can be removed is, and each that cannot says why.
  const { code, stdout, stderr } = await manager.docker.run([
    ...["node", "rm", "nope", "host-b", "host-a"],
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "host-b\n" });
  expect(stderr.trim().split("\n")).toEqual([
    "Error response from daemon: node nope not found",
    expect.stringMatching(/node \w{25} is a cluster manager and is a member of the raft cluster/),
  ]);
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready"]);
});

test("a node removed by force stops its tasks and says that it was removed; it can join anew", async () => {
  const { manager, worker } = await hosts();
  await using _manager = manager;
  await using _worker = worker;
  await manager.skep.output([...CREATE, "--replicas", "4", "none", "sleep", "10000"]);
  await running(worker, 2);
  const { NodeID: id } = await swarmOf(worker);
  expect(await manager.docker.output(["node", "rm", "--force", id])).toBe(id);
  await running(worker, 0);
  await running(manager, 4);
  const removed = { LocalNodeState: "error", NodeID: id, RemoteManagers: null };
  await settles(async () => {
    expect(await swarmOf(worker)).toMatchObject({
      ...removed,
      Error: expect.stringContaining(
        "this node was removed from the swarm and runs none",
      ) as string,
    });
  });
  expect(await worker.docker.output(["info"])).toMatch(
    / Swarm: error\n {2}NodeID: \w{25}\n {2}Error: this node was removed/,
  );
  await worker.killAndStart();
  expect(await swarmOf(worker)).toMatchObject(removed);

  await join(worker, manager);
  const { NodeID: next, ...swarm } = await swarmOf(worker);
  expect(swarm).toMatchObject({ LocalNodeState: "active", Error: "" });
  expect(next).not.toBe(id);
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
});

test("a node that nobody knows, and that cannot tell whether it was removed, says so and runs on", async () => {
  const { manager, worker } = await hosts();
  await using _manager = manager;
  await using _worker = worker;
  await manager.skep.output([...CREATE, "--replicas", "2", "none", "sleep", "10000"]);
  await running(worker, 1);
  await worker.kill();
  await rm(pathOf(worker.dataDir, "worker"), { recursive: true }); // what it was told, and when
  await manager.skep.output(["node", "rm", "--force", "host-b"]);
  await worker.start();
  await settles(async () => {
    expect(await swarmOf(worker)).toMatchObject({
      LocalNodeState: "error",
      Error: expect.stringMatching(
        /^the managers do not know this node: .* its tasks run on/,
      ) as string,
    });
  });
  expect(await taskCommands(worker.dataDir)).toHaveLength(1);
  expect(await worker.docker.output(["swarm", "leave"])).toBe("Node left the swarm.");
  expect(await taskCommands(worker.dataDir)).toEqual([]);
});

test("a node that was removed while it was away hears it when it is back; leaving forgets it", async () => {
  const { manager, worker } = await hosts();
  await using _manager = manager;
  await using _worker = worker;
  await manager.skep.output([...CREATE, "--replicas", "2", "none", "sleep", "10000"]);
  await running(worker, 1);
  await worker.kill();
  await manager.skep.output(["node", "rm", "--force", "host-b"]);
  await running(manager, 2);
  expect(await taskCommands(worker.dataDir)).toHaveLength(1); // nobody was there to hear it
  await worker.start();
  await running(worker, 0);
  await settles(async () => {
    expect(await swarmOf(worker)).toMatchObject({ LocalNodeState: "error", RemoteManagers: null });
  });
  expect(await worker.docker.output(["swarm", "leave"])).toBe("Node left the swarm.");
  expect(await swarmOf(worker)).toMatchObject({
    LocalNodeState: "inactive",
    NodeID: "",
    Error: "",
  });
  await worker.killAndStart();
  expect((await swarmOf(worker)).LocalNodeState).toBe("inactive");
});
