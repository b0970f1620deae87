/** Several skepd: who may use a folder, who may join, and what happens while one does not answer. */
import { expect, test } from "vitest";

import { eventually, settles } from "./eventually.js";
import { join, managerAddress, nodesOf, workerToken } from "./nodes.js";
import { runSkepd, SkepdProcess } from "./skepd-process.js";
import { taskCommands, taskProcesses } from "./task-processes.js";

/** DESIGN 5, invariant 5: the surplus is gone so long after a host's return. */
const SURPLUS_LIMIT_MS = 10_000;

async function startWorker(hostname: string): Promise<SkepdProcess> {
  return await SkepdProcess.start({ engine: "process", hostname });
}

test("a second skepd is refused the folder and the socket of the first", async () => {
  await using first = await SkepdProcess.init({ engine: "process" });
  const elsewhere = `${first.socketPath}.second`;
  const engine = ["--engine", "process"];
  const folder = await runSkepd(["--data-dir", first.dataDir, "--socket", elsewhere, ...engine]);
  expect(folder.code).toBe(1);
  expect(folder.stderr.split("\n")).toContain(
    `skepd: another skepd (process ${first.pid}) uses ${first.dataDir}: stop it, or name another folder with --data-dir`,
  );
  const data = `${first.dataDir}.second`;
  const socket = await runSkepd(["--data-dir", data, "--socket", first.socketPath, ...engine]);
  expect(socket.code).toBe(1);
  expect(socket.stderr).toMatch(new RegExp(`^skepd: .*${first.socketPath}`, "m"));
  // The first has not noticed.
  expect(await nodesOf(first)).toEqual([expect.stringMatching(/^Leader \S+ Ready$/)]);
});

test("a worker joins by token and is there at once; a wrong or former token is refused in words", async () => {
  await using manager = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  await using worker = await startWorker("host-b");
  const address = await managerAddress(manager);
  const former = await workerToken(manager);
  const token = await workerToken(manager, "--rotate");
  expect(token).not.toBe(former);
  const joinWith = (secret: string): ReturnType<typeof worker.skep.run> =>
    worker.skep.run(["swarm", "join", "--token", secret, address]);

  const [prefix, version, , secret] = token.split("-");
  const foreignRoot = [prefix, version, "0".repeat(50), secret].join("-");
  for (const [bad, words] of [
    ["SWMTKN-nonsense", /invalid join token/],
    [former, /join token/],
    [`${token.slice(0, -25)}${"0".repeat(25)}`, /join token/],
    [foreignRoot, /join token|digest|root/],
  ] as const) {
    const { code, stdout, stderr } = await joinWith(bad);
    expect({ code, stdout, stderr }, bad).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(words),
    });
    expect(stderr.trim().split("\n"), bad).toHaveLength(1);
  }
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready"]);

  expect((await joinWith(token)).stdout).toBe("This node joined a swarm as a worker.\n");
  expect(await nodesOf(manager)).toEqual(["Leader host-a Ready", "host-b Ready"]);
  expect((await joinWith(token)).stderr).toMatch(/already part of a swarm/);
  expect((await worker.skep.run(["node", "ls"])).stderr).toMatch(/Worker nodes can't be used/);
});

test("while a worker does not answer its tasks run elsewhere; the surplus goes when it is back", async () => {
  await using manager = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  await using worker = await startWorker("host-b");
  await join(worker, manager);
  const create = ["service", "create", "--detach", "--name", "web", "--replicas", "4"];
  const grace = ["--stop-grace-period", "1s"];
  await manager.skep.output([...create, ...grace, "none", "sleep", "10000"]);
  const running = async (skepd: SkepdProcess, count: number): Promise<void> => {
    await settles(async () => {
      expect(await taskCommands(skepd.dataDir)).toHaveLength(count);
    });
  };
  await running(manager, 2);
  await running(worker, 2);

  worker.signal("SIGSTOP");
  await running(manager, 4);
  expect(await nodesOf(manager)).toContain("host-b Down");
  // Nobody could tell it to stop them.
  expect(await taskCommands(worker.dataDir)).toHaveLength(2);

  worker.signal("SIGCONT");
  await eventually(
    "the surplus is gone",
    async () => ((await taskProcesses(worker.dataDir)).length === 0 ? "gone" : undefined),
    SURPLUS_LIMIT_MS,
  );
  await settles(async () => {
    expect(await nodesOf(manager)).toContain("host-b Ready");
  });
  expect(await taskCommands(manager.dataDir)).toHaveLength(4);

  // It is of use again: what it has room for goes there.
  await manager.skep.output(["service", "scale", "--detach", "web=8"]);
  await running(worker, 4);
  await running(manager, 4);
});
