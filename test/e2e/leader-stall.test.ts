/**
 * The leading daemon of three stands still for two seconds: long enough for another to lead, too
 * short for anybody to be lost. No task is replaced, by whoever leads.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { settles } from "./eventually.js";
import { managerAddress, nodesOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands, type TaskProcess } from "./task-processes.js";

const REPLICAS = 6;
const STALL_MS = 2_000;
/** The one that leads then is another each time. */
const STALLS = 3;
/** Whoever would be taken for lost after a stall, would be by then. */
const AFTERWARDS_MS = 5_000;

test("the leading daemon stands still for two seconds, and no task is replaced", async () => {
  await using a = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
  await using b = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
  await using c = await SkepdProcess.start({ engine: "process", hostname: "host-c" });
  const managers = { "host-a": a, "host-b": b, "host-c": c };
  const token = await a.skep.output(["swarm", "join-token", "--quiet", "manager"]);
  for (const other of [b, c]) {
    await other.skep.output(["swarm", "join", "--token", token, await managerAddress(a)]);
  }
  const create = ["service", "create", "--detach", "--name", "web", "--restart-delay", "0s"];
  await a.skep.output([...create, "--replicas", String(REPLICAS), "none", "sleep", "10000"]);
  const tasks = async (): Promise<TaskProcess[]> =>
    (await Promise.all([a, b, c].map((skepd) => taskCommands(skepd.dataDir)))).flat();
  const allAreWell = async (): Promise<void> => {
    const roles = (await nodesOf(a)).map((line) => line.replace(/host-\w/, "host"));
    expect(roles).toEqual(["Leader host Ready", "Reachable host Ready", "Reachable host Ready"]);
    expect(await tasks()).toHaveLength(REPLICAS);
  };
  await settles(allAreWell);
  const before = await tasks();
  for (let stall = 0; stall < STALLS; stall++) {
    const leader = /Leader (host-\w)/.exec((await nodesOf(a)).join("\n"))?.[1];
    const leading = managers[leader as keyof typeof managers];
    leading.signal("SIGSTOP");
    await sleep(STALL_MS);
    leading.signal("SIGCONT");
    await settles(allAreWell);
  }
  await sleep(AFTERWARDS_MS);
  expect(await tasks()).toEqual(before);
  const states = [a, b, c].flatMap((skepd) => skepd.logged("a node's state changed"));
  expect(states).not.toContainEqual(expect.objectContaining({ state: "down" }));
});
