/** Where hosts are, and how they are found again after they have moved. */
import { expect, test } from "vitest";

import { settles } from "./eventually.js";
import { join, managerAddress, nodesOf, swarmOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands } from "./task-processes.js";

async function addressOf(manager: SkepdProcess, node: string): Promise<string> {
  return await manager.docker.output(["node", "inspect", "--format", "{{.Status.Addr}}", node]);
}

async function startManager(listen: string): Promise<SkepdProcess> {
  const flags = ["--listen-addr", listen];
  return await SkepdProcess.init({ engine: "process", hostname: "host-a", flags });
}

test("a node is shown at the address that it names, and each says what it knows of itself", async () => {
  await using manager = await startManager("127.0.0.2:0");
  await using worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  const address = await managerAddress(manager);
  expect(address).toMatch(/^127\.0\.0\.2:\d+$/);
  const where = ["--advertise-addr", "127.0.0.7", "--data-path-addr", "127.0.0.8"];
  await join(worker, manager, ...where, "--availability", "drain");

  expect(await addressOf(manager, "host-a")).toBe("127.0.0.2");
  expect(await addressOf(manager, "host-b")).toBe("127.0.0.7");
  const pretty = await manager.docker.output(["node", "inspect", "--pretty", "host-b"]);
  expect(pretty).toMatch(/^ State:\s+Ready$/m);
  expect(pretty).toMatch(/^ Availability:\s+Drain$/m);
  expect(pretty).toMatch(/^ Address:\s+127\.0\.0\.7$/m);
  const info = await worker.docker.output(["info"]);
  expect(info).toContain(
    [
      " Swarm: active",
      `  NodeID: ${(await swarmOf(worker)).NodeID}`,
      "  Is Manager: false",
      "  Node Address: 127.0.0.7",
      "  Manager Addresses:",
      `   ${address}`,
      "",
    ].join("\n"),
  );
  const own = await manager.docker.output(["info"]);
  expect(own).toMatch(
    /^ {2}Is Manager: true\n {2}ClusterID: \w{25}\n {2}Managers: 1\n {2}Nodes: 2$/m,
  );
  expect(own).toMatch(
    /^ {2}Node Address: 127\.0\.0\.2\n {2}Manager Addresses:\n {3}127\.0\.0\.2:\d+$/m,
  );
});

test("a worker whose address changed is shown at the new one; a name that it did not choose is seen", async () => {
  await using manager = await startManager("127.0.0.2:0");
  await using worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  await join(worker, manager);
  const seen = (await swarmOf(worker)).NodeAddr;
  expect(seen).toMatch(/^127\.0\.0\.\d$/);
  expect(await addressOf(manager, "host-b")).toBe(seen);
  const { NodeID: id } = await swarmOf(worker);
  await worker.restartWith(["--advertise-addr", "127.0.0.9"]);
  await settles(async () => {
    expect(await addressOf(manager, "host-b")).toBe("127.0.0.9");
  });
  expect(await swarmOf(worker)).toMatchObject({ NodeID: id, NodeAddr: "127.0.0.9" });
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
});

test("a manager that moved is found by workers that are told where, and remembered from then on", async () => {
  await using manager = await startManager("127.0.0.2:0");
  await using worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  await join(worker, manager);
  const create = ["service", "create", "--detach", "--name", "web", "--replicas", "2"];
  await manager.skep.output([...create, "none", "sleep", "10000"]);
  await settles(async () => {
    expect(await taskCommands(worker.dataDir)).toHaveLength(1);
  });
  const [task] = await taskCommands(worker.dataDir);

  // A host that stopped first has half a minute to be back; one that a new leader waits for, three
  // seconds, and a busy machine may take longer to start a daemon.
  await worker.kill("SIGTERM");
  await settles(async () => {
    expect(await nodesOf(manager)).not.toContain("host-b Ready");
  });
  await manager.restartWith(["--listen-addr", "127.0.0.3:0"]);
  const address = await managerAddress(manager);
  expect(address).toMatch(/^127\.0\.0\.3:\d+$/);
  expect(await addressOf(manager, "host-a")).toBe("127.0.0.3");
  await worker.restartWith(["--manager-addr", address]);
  await settles(async () => {
    expect((await swarmOf(worker)).RemoteManagers).toMatchObject([{ Addr: address }]);
    expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
  });
  await worker.restartWith([]);
  await settles(async () => {
    expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
  });
  expect(await taskCommands(worker.dataDir)).toEqual([task]);

  // The same place after a restart that says the same.
  await manager.restartWith(["--listen-addr", "127.0.0.3:0"]);
  expect(await managerAddress(manager)).toBe(address);
});
