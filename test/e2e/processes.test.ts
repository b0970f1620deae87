/** A host without a container engine: tasks are plain processes, seen in /proc. */
import { expect, test } from "vitest";

import { eventually, settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands, type TaskProcess, taskProcesses } from "./task-processes.js";

const CREATE = ["service", "create", "--detach", "--name", "web", "--restart-delay", "1s"];
const SLEEP = ["none", "sleep", "10000"];

async function withService(replicas: number): Promise<SkepdProcess> {
  const skepd = await SkepdProcess.init({ engine: "process" });
  await skepd.skep.output([...CREATE, "--replicas", String(replicas), ...SLEEP]);
  return skepd;
}

/** The tasks' commands, once exactly so many run, in the eyes of the manager, too. */
async function settled(skepd: SkepdProcess, replicas: number): Promise<TaskProcess[]> {
  return await eventually(`${replicas} run`, async () => {
    const listed = await skepd.skep.output(["service", "ls", "--format", "{{.Replicas}}"]);
    if (listed !== `${replicas}/${replicas}`) return undefined;
    const commands = await taskCommands(skepd.dataDir);
    return commands.length === replicas ? commands : undefined;
  });
}

test("three processes run; a killed one is replaced, and its end is told", async () => {
  await using skepd = await withService(3);
  const before = await settled(skepd, 3);
  expect(before.map(({ argv }) => argv)).toEqual(Array(3).fill(["sleep", "10000"]));
  const victim = before[1]!;
  process.kill(victim.pid, "SIGKILL");
  await eventually("it is replaced", async () => {
    const now = await taskCommands(skepd.dataDir);
    return now.some(({ taskId }) => before.every((one) => one.taskId !== taskId)) || undefined;
  });
  const after = await settled(skepd, 3);
  expect(after).toEqual(expect.arrayContaining(before.filter((one) => one !== victim)));
  const ended = ["--filter", "desired-state=shutdown", "--no-trunc"];
  const columns = ["--format", "{{.ID}} {{.CurrentState}} {{.Error}}"];
  expect(await skepd.skep.output(["service", "ps", "web", ...ended, ...columns])).toMatch(
    new RegExp(`^${victim.taskId} Failed .* ago "?task: non-zero exit \\(137\\)"?$`),
  );
});

test("processes outlive skepd, and one that dies meanwhile is replaced", async () => {
  await using skepd = await withService(3);
  const before = await settled(skepd, 3);
  for (let time = 0; time < 3; time++) await skepd.killAndStart();
  expect(await settled(skepd, 3)).toEqual(before);
  await skepd.kill("SIGTERM");
  expect(await taskCommands(skepd.dataDir)).toEqual(before);
  const [victim, ...others] = before;
  process.kill(victim!.pid, "SIGKILL");
  await skepd.start();
  await eventually("it is replaced", async () => {
    const now = await taskCommands(skepd.dataDir);
    return now.length === 3 || undefined;
  });
  expect(await settled(skepd, 3)).toEqual(expect.arrayContaining(others));
});

test("scaled up and down, and removed without a trace", async () => {
  await using skepd = await withService(2);
  const before = await settled(skepd, 2);
  await skepd.skep.output(["service", "scale", "--detach", "web=6"]);
  expect(await settled(skepd, 6)).toEqual(expect.arrayContaining(before));
  await skepd.skep.output(["service", "scale", "--detach", "web=1"]);
  await settled(skepd, 1);
  await skepd.skep.output(["service", "rm", "web"]);
  await settles(async () => {
    expect(await taskProcesses(skepd.dataDir)).toEqual([]);
  });
});
