// A majority of managers that never comes back, and managers that come back elsewhere: processes on
// addresses of the loopback.
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { settles } from "./eventually.js";
import { managerAddress, nodesOf, swarmOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands } from "./task-processes.js";

const SERVICE = ["service", "create", "--detach", "--stop-grace-period", "1s"];
const NAMES = ["host-a", "host-b", "host-c"] as const;

async function startManagers(): Promise<[SkepdProcess, SkepdProcess, SkepdProcess]> {
  const settings = (i: 0 | 1 | 2): Parameters<typeof SkepdProcess.start>[0] => {
    const flags = ["--listen-addr", `127.0.1.${String(i + 1)}:0`];
    return { engine: "process", hostname: NAMES[i], flags };
  };
  const first = await SkepdProcess.init(settings(0));
  const others = [
    await SkepdProcess.start(settings(1)),
    await SkepdProcess.start(settings(2)),
  ] as const;
  for (const other of others) await joinAsManager(other, first);
  await settles(async () => {
    for (const manager of [first, ...others]) {
      expect(await nodesOf(manager)).toEqual([
        "Leader host-a Ready",
        "Reachable host-b Ready",
        "Reachable host-c Ready",
      ]);
    }
  });
  return [first, ...others];
}

async function joinAsManager(skepd: SkepdProcess, manager: SkepdProcess): Promise<void> {
  const token = await manager.skep.output(["swarm", "join-token", "--quiet", "manager"]);
  await skepd.skep.output(["swarm", "join", "--token", token, await managerAddress(manager)]);
}

async function servicesOf(manager: SkepdProcess): Promise<string> {
  return await manager.skep.output(["service", "ls", "--format", "{{.Name}} {{.Replicas}}"]);
}

describe("two of three managers that are lost for ever", () => {
  let survivor: SkepdProcess;
  let lost: readonly SkepdProcess[];

  beforeAll(async () => {
    const [a, b, c] = await startManagers();
    [survivor, lost] = [c, [a, b]];
    await a.skep.output([...SERVICE, "--name", "web", "--replicas", "6", "none", "sleep", "10000"]);
    await settles(async () => expect(await servicesOf(c)).toBe("web 6/6"));
  });

  afterAll(async () => {
    for (const skepd of [survivor, ...lost]) await skepd[Symbol.asyncDispose]();
  });

  test("no cluster is made of a worker", async () => {
    await using worker = await SkepdProcess.start({ engine: "process", hostname: "host-d" });
    const token = await survivor.skep.output(["swarm", "join-token", "--quiet", "worker"]);
    const address = await managerAddress(survivor);
    await worker.skep.output(["swarm", "join", "--token", token, address]);
    await settles(async () => expect(await nodesOf(survivor)).toContain("host-d Ready"));
    const refused = await worker.skep.run(["swarm", "init", "--force-new-cluster"]);
    expect(refused.stderr).toContain("this node is a worker: run it on a manager");
    await worker.skep.output(["swarm", "leave"]);
    await settles(async () => expect(await nodesOf(survivor)).toContain("host-d Down"));
    await survivor.skep.output(["node", "rm", "host-d"]);
  });

  test("the survivor goes on alone with everything that was there, and its own tasks untouched", async () => {
    const before = await taskCommands(survivor.dataDir);
    expect(before).toHaveLength(2);
    for (const skepd of lost) await skepd.kill("SIGKILL");
    await settles(async () => {
      const refused = await survivor.skep.run(["service", "scale", "--detach", "web=7"]);
      expect(refused.stderr).toContain("The swarm does not have a leader.");
    });
    await survivor.skep.output(["swarm", "init", "--force-new-cluster"]);
    await settles(async () => {
      expect(await servicesOf(survivor)).toBe("web 6/6");
      expect(await taskCommands(survivor.dataDir)).toHaveLength(6);
    });
    expect(await taskCommands(survivor.dataDir)).toEqual(expect.arrayContaining(before));
    expect(await nodesOf(survivor)).toEqual(["Leader host-c Ready", "host-a Down", "host-b Down"]);
  });

  test("it is so after a restart too, and takes writes", async () => {
    await survivor.killAndStart();
    await settles(async () => expect(await servicesOf(survivor)).toBe("web 6/6"));
    await survivor.skep.output(["service", "scale", "--detach", "web=3"]);
    await settles(async () => expect(await servicesOf(survivor)).toBe("web 3/3"));
  });

  test("managers of before that come back are workers, decide nothing, and can be promoted", async () => {
    for (const skepd of lost) await skepd.start();
    await settles(async () => {
      expect(await nodesOf(survivor)).toEqual([
        "Leader host-c Ready",
        "host-a Ready",
        "host-b Ready",
      ]);
      for (const skepd of lost) {
        const refused = await skepd.skep.run(["service", "ls"]);
        expect(refused.stderr).toContain("This node is not a swarm manager.");
      }
    });
    await survivor.skep.output(["node", "promote", "host-a", "host-b"]);
    await settles(async () => {
      expect(await nodesOf(lost[0]!)).toEqual([
        "Leader host-c Ready",
        "Reachable host-a Ready",
        "Reachable host-b Ready",
      ]);
    });
    expect(await servicesOf(lost[1]!)).toBe("web 3/3");
  });
});

test("managers that come back at other addresses, one after the other, are found again", async () => {
  const managers = await startManagers();
  try {
    for (const [i, manager] of managers.entries()) {
      const other = managers[(i + 1) % managers.length]!;
      const { NodeID: id } = await swarmOf(manager);
      await manager.restartWith(["--listen-addr", `127.0.2.${String(i + 1)}:0`]);
      const name = NAMES[i]!;
      await settles(async () => {
        const format = "{{.ManagerStatus.Addr}} {{.ManagerStatus.Reachability}}";
        const seen = await other.skep.output(["node", "inspect", name, "--format", format]);
        expect(seen).toMatch(new RegExp(`^127\\.0\\.2\\.${String(i + 1)}:\\d+ reachable$`));
      });
      expect((await swarmOf(manager)).NodeID).toBe(id);
    }
    // Each one's word is needed now, at its new address.
    await managers[0].kill("SIGKILL");
    await managers[1].skep.output([...SERVICE, "--name", "web", "none", "sleep", "10000"]);
    await settles(async () => expect(await servicesOf(managers[2])).toBe("web 1/1"));
  } finally {
    for (const manager of managers) await manager[Symbol.asyncDispose]();
  }
});
