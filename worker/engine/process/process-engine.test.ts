import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ContainerSpec } from "../../../shared/docker-api/container-spec.js";
import type { ClusterId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { systemClock } from "../../../shared/ports/system-clock.js";
import type { EngineIdentity, TaskRun } from "../engine.js";
import { ProcessEngine } from "./process-engine.js";

const IDENTITY: EngineIdentity = {
  clusterId: "cluster" as ClusterId,
  nodeId: "node" as NodeId,
  hostname: "host-a",
};
const TASK = "task1" as TaskId;
const NEVER = new AbortController().signal;
/** Long enough for a busy machine to start a shell; reached only by a failing test. */
const PATIENCE_MS = 10_000;

let root: string;
let engine: ProcessEngine;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skep-process-"));
  engine = anotherEngine();
});

afterEach(async () => {
  for (const taskId of await engine.list()) await engine.remove(taskId, NEVER);
  await rm(root, { recursive: true, force: true });
});

function anotherEngine(outputBytes?: number): ProcessEngine {
  const bound = outputBytes === undefined ? {} : { outputBytes };
  return new ProcessEngine({ identity: IDENTITY, root, clock: systemClock, ...bound });
}

function taskRun(spec: ContainerSpec, taskId = TASK): TaskRun {
  const serviceId = "service" as ServiceId;
  return {
    taskId,
    serviceId,
    slot: 3,
    hostPorts: [],
    template: {
      serviceId,
      revision: 1,
      serviceName: "web",
      serviceLabels: {},
      template: { ContainerSpec: spec },
    },
  };
}

function shell(script: string, more: ContainerSpec = {}): TaskRun {
  return taskRun({ Image: "ignored", Command: ["/bin/sh", "-c", script], ...more });
}

async function launch(run: TaskRun) {
  await engine.prepare(run);
  return engine.start(run.taskId);
}

function folderOf(taskId: TaskId): string {
  return join(root, "cluster.node", taskId);
}

function output(taskId = TASK): Promise<string> {
  return readFile(join(folderOf(taskId), "output.log"), "utf8");
}

/** Waits for the engine's own events until the task has ended, as the agent does. */
async function ended(of: ProcessEngine, taskId = TASK) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const event of of.events(signal)) {
    if (event.kind === "task" && event.taskId !== taskId) continue;
    const observed = await of.observe(taskId);
    if (observed.kind !== "running") return observed;
  }
  throw new Error(`task ${taskId} did not end`);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!(await holds())) await systemClock.sleep(5, signal);
}

describe("a process task", () => {
  test("is absent, created, running and exited, with its exit code", async () => {
    const run = shell("exit 3");
    expect(await engine.observe(TASK)).toEqual({ kind: "absent" });
    expect(await engine.prepare(run)).toMatchObject({ kind: "created" });
    await engine.start(TASK);
    expect(await ended(engine)).toMatchObject({ kind: "exited", exitCode: 3 });
  });

  test("has its arguments word for word, its environment and nothing of the daemon's", async () => {
    process.env["SKEP_SECRET_OF_THE_DAEMON"] = "leaked";
    const run = taskRun({
      Command: ["/bin/sh", "-c"],
      Args: ['printf "%s\\n" "$0" "$NAME" "$SKEP_SECRET_OF_THE_DAEMON"; pwd', "two  $words"],
      Env: ["NAME={{.Service.Name}}.{{.Task.Slot}}@{{.Node.Hostname}}"],
      Dir: "/tmp",
    });
    await launch(run);
    await ended(engine);
    expect(await output()).toBe("two  $words\nweb.3@host-a\n\n/tmp\n");
  });

  test("that is started twice runs once", async () => {
    await launch(shell("echo begun; sleep 30"));
    await engine.start(TASK);
    const other = anotherEngine();
    await other.start(TASK);
    await until(async () => (await output()) !== "");
    expect(await output()).toBe("begun\n");
  });

  test("of which a daemon was killed before its wrapper spoke runs once all the same", async () => {
    await launch(shell("echo begun; sleep 30"));
    await until(async () => (await output()) !== "");
    const kept = await readFile(join(folderOf(TASK), "process"));
    // What a second daemon would do that saw no wrapper yet: spawn another one.
    await rm(join(folderOf(TASK), "process"));
    await writeFile(join(folderOf(TASK), "process"), kept);
    await anotherEngine().start(TASK);
    expect(await output()).toBe("begun\n");
  });

  test("without a command is refused", async () => {
    const refusal = engine.prepare(taskRun({ Image: "nginx" }));
    await expect(refusal).rejects.toThrow(/runs a command and no images/);
    expect(await engine.observe(TASK)).toEqual({ kind: "absent" });
  });

  test.each([
    ["a user that nobody is", { User: "nobody-is-called-so" }, /unable to find user/],
    ["mounts", { Mounts: [{ Type: "bind", Source: "/", Target: "/x" }] }, /no mounts/],
    ["a signal that does not exist", { StopSignal: "SIGNONE" }, /Invalid signal: SIGNONE/],
    ["a placeholder for nothing", { Env: ["A={{.Task.Colour}}"] }, /failed to expand/],
  ] satisfies [string, ContainerSpec, RegExp][])(
    "with %s is refused",
    async (_what, spec, says) => {
      await expect(engine.prepare(shell("true", spec))).rejects.toThrow(says);
    },
  );

  test("whose program does not exist ends with 127 and says so in its output", async () => {
    await launch(taskRun({ Command: ["/no/such/program"] }));
    expect(await ended(engine)).toMatchObject({ exitCode: 127 });
    expect(await output()).toMatch(/no\/such\/program/);
  });

  test("runs as the user of its spec", async (context) => {
    context.skip(process.getuid?.() !== 0, "only root may run a process as someone else");
    await launch(shell("id -u; id -g; touch mine", { User: "daemon" }));
    await ended(engine);
    expect(await output()).toBe("1\n1\n");
    expect((await stat(join(folderOf(TASK), "work", "mine"))).uid).toBe(1);
  });
});

describe("stopping a process task", () => {
  const STOP = { graceMs: PATIENCE_MS };

  test("asks with the stop signal and keeps the exit code that follows", async () => {
    await launch(shell('trap "exit 7" USR1; echo begun; while :; do sleep 0.01; done'));
    await until(async () => (await output()) !== "");
    const observed = await engine.stop(TASK, { ...STOP, stopSignal: "SIGUSR1" }, NEVER);
    expect(observed).toMatchObject({ kind: "exited", exitCode: 7 });
  });

  test.each(["INT", "SIGQUIT", "2"])("works with %s, which shells hide", async (stopSignal) => {
    await launch(taskRun({ Command: ["sleep", "60"] }));
    const observed = await engine.stop(TASK, { ...STOP, stopSignal }, NEVER);
    expect(observed.kind === "exited" && observed.exitCode).toBeGreaterThan(128);
  });

  test("kills the whole group once the grace period is over", async () => {
    await launch(shell('trap "" TERM; (trap "" TERM; sleep 61) & echo $!; sleep 60; sleep 60'));
    await until(async () => (await output()) !== "");
    const observed = await engine.stop(TASK, { graceMs: 100 }, NEVER);
    expect(observed).toMatchObject({ kind: "exited", exitCode: 137 });
    await until(async () => !processLives(Number(await output())));
  });

  test("leaves no children behind when the command ends by itself", async () => {
    await launch(shell("sleep 62 & echo $!"));
    await ended(engine);
    await until(async () => !processLives(Number(await output())));
  });

  test("of what has ended or never began changes nothing", async () => {
    await engine.prepare(shell("exit 4"));
    expect(await engine.stop(TASK, STOP, NEVER)).toMatchObject({ kind: "created" });
    await engine.start(TASK);
    await ended(engine);
    expect(await engine.stop(TASK, STOP, NEVER)).toMatchObject({ exitCode: 4 });
    await engine.remove(TASK, NEVER);
    await engine.remove(TASK, NEVER);
    expect(await engine.stop(TASK, STOP, NEVER)).toEqual({ kind: "absent" });
  });
});

describe("a second engine on the same folder", () => {
  test("lists, observes and stops what the first began", async () => {
    const running = await launch(shell("sleep 60"));
    const second = anotherEngine();
    expect(await second.list()).toEqual([TASK]);
    expect(await second.observe(TASK)).toEqual(running);
    const observed = await second.stop(TASK, { graceMs: PATIENCE_MS }, NEVER);
    expect(observed).toMatchObject({ kind: "exited", exitCode: 143 });
  });

  test("hears of the end and the exit code of what it adopted", async () => {
    await launch(shell("while [ ! -e go ]; do sleep 0.01; done; exit 9"));
    const second = anotherEngine();
    expect(await second.observe(TASK)).toMatchObject({ kind: "running" });
    await writeFile(join(folderOf(TASK), "work", "go"), "");
    expect(await ended(second)).toMatchObject({ kind: "exited", exitCode: 9 });
  });

  test("does not take another process for the task's when its pid is used again", async () => {
    const run = shell("true");
    await engine.prepare(run);
    // Our own pid lives, but it is not the process that the task started.
    await writeFile(join(folderOf(TASK), "process"), `${process.pid} boot:1\n`);
    const observed = await engine.observe(TASK);
    expect(observed).toMatchObject({ kind: "exited", exitCode: 137 });
    expect(await engine.stop(TASK, { graceMs: 0 }, NEVER)).toEqual(observed);
    await engine.remove(TASK, NEVER);
  });

  test("of another node sees none of it", async () => {
    await launch(shell("sleep 60"));
    const identity = { ...IDENTITY, nodeId: "other" as NodeId };
    const stranger = new ProcessEngine({ identity, root, clock: systemClock });
    expect(await stranger.list()).toEqual([]);
    expect(await stranger.observe(TASK)).toEqual({ kind: "absent" });
  });
});

test("a task's output is bounded, and its newest is kept", async () => {
  engine = anotherEngine(4096);
  await launch(shell("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; sleep 60"));
  const path = join(folderOf(TASK), "output.log");
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const _event of engine.events(signal)) break;
  await until(async () => (await output()).includes("line 3000\n"));
  const second = anotherEngine(4096);
  await second.observe(TASK);
  const events = second.events(signal)[Symbol.asyncIterator]();
  await events.next();
  const next = events.next();
  await until(async () => (await stat(path)).size <= 2048);
  expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(2048);
  expect(await readFile(`${path}.1`, "utf8")).toMatch(/line 3000\n$/);
  await engine.stop(TASK, { graceMs: PATIENCE_MS }, NEVER);
  await next;
});

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
