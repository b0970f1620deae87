/** Hosts that come back: as the node that they were, or, with their memory lost, as another. */
import { rm } from "node:fs/promises";

import { expect, test } from "vitest";

import { describeWithEngine } from "../setup/requirements.js";
import { type ContainerFact, containersOf } from "./cluster-containers.js";
import { settles } from "./eventually.js";
import { join, nodesOf, swarmOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";

const CREATE = ["service", "create", "--detach", "--no-resolve-image", "--name", "web"];
const SLEEP = ["--stop-signal", "SIGKILL", "skep/busybox:1", "sleep", "10000"];

describeWithEngine("a worker", (engineSocket) => {
  const settings = { engine: "docker", engineSocket } as const;

  async function hosts(): Promise<{ manager: SkepdProcess; worker: SkepdProcess }> {
    const manager = await SkepdProcess.init({ ...settings, hostname: "host-a" });
    const worker = await SkepdProcess.start({ ...settings, hostname: "host-b" });
    await join(worker, manager);
    return { manager, worker };
  }

  /** So many tasks are wanted, all of them run, and none is on a node that is lost. */
  async function settled(manager: SkepdProcess, replicas: number): Promise<void> {
    const wanted = ["service", "ps", "--filter", "desired-state=running", "web"];
    await settles(async () => {
      const listed = await manager.skep.output([
        ...wanted,
        "--format",
        "{{.Node}} {{.CurrentState}}",
      ]);
      const running = listed.split("\n").filter((line) => /^host-[ab] Running/.test(line));
      expect(running).toHaveLength(replicas);
    });
  }

  async function containers(manager: SkepdProcess): Promise<ContainerFact[]> {
    return await containersOf(engineSocket, await manager.clusterId());
  }

  test("that is killed and started is the same node, with the same containers", async () => {
    const { manager, worker } = await hosts();
    await using _manager = manager;
    await using _worker = worker;
    await manager.skep.output([...CREATE, "--replicas", "4", ...SLEEP]);
    await settled(manager, 4);
    const before = await containers(manager);
    const { NodeID: id } = await swarmOf(worker);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      await worker.kill(signal);
      await worker.start();
      await settles(async () => {
        expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
      });
      expect((await swarmOf(worker)).NodeID).toBe(id);
    }
    await settled(manager, 4);
    expect(await containers(manager)).toEqual(before);
    const tasks = ["service", "ps", "--format", "{{.CurrentState}}", "web"];
    expect((await manager.docker.output(tasks)).split("\n")).toHaveLength(4);
  });

  test("whose data folder was wiped joins as another node; what the former one left is left alone", async () => {
    const { manager, worker } = await hosts();
    await using _manager = manager;
    await using _worker = worker;
    await manager.skep.output([...CREATE, "--replicas", "4", ...SLEEP]);
    await settled(manager, 4);
    const before = await containers(manager);
    const { NodeID: former } = await swarmOf(worker);
    await worker.kill();
    await rm(worker.dataDir, { recursive: true });
    await worker.start();
    expect((await swarmOf(worker)).LocalNodeState).toBe("inactive");
    await join(worker, manager);

    const { NodeID: present } = await swarmOf(worker);
    expect(present).not.toBe(former);
    await settles(async () => {
      expect(await nodesOf(manager)).toEqual([
        "Leader host-a Ready",
        "host-b Down",
        "host-b Ready",
      ]);
    });
    await settled(manager, 4); // two of them anew
    const now = await containers(manager);
    expect(now).toEqual(expect.arrayContaining(before)); // untouched: an engine may be shared
    expect(now).toHaveLength(6);

    const twins = await manager.docker.run(["node", "rm", "host-b"]);
    expect(twins.stderr.trim()).toMatch(/node host-b is ambiguous \(2 matches found\)$/);
    expect(await manager.docker.output(["node", "rm", former])).toBe(former);
    expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
    await manager.skep.output(["service", "scale", "--detach", "web=6"]);
    await settled(manager, 6);
    const placed = ["node", "ps", "--format", "{{.CurrentState}}", present];
    expect(await manager.skep.output(placed)).toContain("Running");
  });
});
