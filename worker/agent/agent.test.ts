import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { ContainerSpec } from "../../shared/docker-api/container-spec.js";
import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { Fence } from "../../shared/model/fence.js";
import type { NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Task } from "../../shared/model/task.js";
import type { DesiredState } from "../../shared/model/task-state.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { seededRandom } from "../../shared/ports/random.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import type { IdentitySource } from "../../shared/rpc/tls-identity.js";
import { DispatcherStub } from "../../test/dispatcher-stub.js";
import { type TestCluster, testCluster } from "../../test/identities.js";
import { ProcessEngine } from "../engine/process/process-engine.js";
import { Agent } from "./agent.js";
import { NodeRemovedError } from "./agent-errors.js";
import { dispatcherConnector, reachHost } from "./dispatcher-client.js";
import { TaskDb } from "./task-db.js";

const WEB = "web" as ServiceId;
const NEVER = new AbortController().signal;
const FENCE: Fence = { epoch: 1, term: 5, sequence: 100 };
/** Only a failing test waits that long, on a machine that is busy with others. */
const PATIENCE_MS = 15_000;

let cluster: TestCluster;
let managerIdentity: IdentitySource;
let worker: { readonly nodeId: NodeId; readonly identity: IdentitySource };
let folder: string;
let engine: ProcessEngine;
let manager: DispatcherStub;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  managerIdentity = (await cluster.certify("manager")).identity;
  worker = await cluster.certify("worker");
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-agent-"));
  engine = anotherEngine();
  manager = await anotherManager();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  for (const taskId of await engine.list()) await engine.remove(taskId, NEVER);
  await rm(folder, { recursive: true, force: true });
});

function anotherEngine(): ProcessEngine {
  const { clusterId } = cluster;
  const identity = { clusterId, nodeId: worker.nodeId, hostname: "host-a" };
  return new ProcessEngine({ identity, root: join(folder, "tasks"), clock: systemClock });
}

async function anotherManager(options: { fence?: Fence; port?: number } = {}) {
  const stub = await DispatcherStub.serve(managerIdentity, { fence: FENCE, ...options });
  ends.push(async () => {
    stub.close();
  });
  return stub;
}

/** A daemon's life: begins an agent; what it returns ends it, as a daemon that is stopped. */
function beginAgent(managers = [manager.address]): { agent: Agent; end: () => Promise<void> } {
  const agent = anAgent(managers);
  const stop = new AbortController();
  const running = agent.run({ signal: stop.signal });
  const end = async (): Promise<void> => {
    stop.abort(new Error("the daemon is stopped"));
    await running;
  };
  ends.push(end);
  return { agent, end };
}

function anAgent(managers: string[]): Agent {
  return new Agent({
    engine: anotherEngine(),
    hostname: "host-a",
    managers,
    connect: dispatcherConnector({ kind: "member", identity: worker.identity }, systemClock),
    reach: reachHost,
    memory: new TaskDb({
      folder: join(folder, "agent"),
      clock: systemClock,
      logger: silentLogger,
    }),
    clock: systemClock,
    random: seededRandom("agent"),
    logger: silentLogger,
  });
}

function task(id: string, desired: DesiredState = "running", revision = 1): Task {
  return {
    id: id as TaskId,
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: WEB,
    revision,
    slot: 1,
    nodeId: worker.nodeId,
    desired,
    status: { state: "assigned", atMs: 0, message: "assigned" },
  };
}

function template(script: string, revision = 1): TaskTemplate {
  const ContainerSpec: ContainerSpec = { Command: ["/bin/sh", "-c", script] };
  const base = { serviceId: WEB, serviceName: "web", serviceLabels: {} };
  return { ...base, revision, template: { ContainerSpec } };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!(await holds())) {
    if (signal.aborted) throw new Error(`never happened: ${what}`);
    await systemClock.sleep(5, NEVER);
  }
}

function connected(to = manager): Promise<void> {
  return until("a session", () => to.connected);
}

function state(id: string, of = manager): string | undefined {
  return of.statuses.get(id as TaskId)?.state;
}

function reported(id: string, wanted: string, to = manager): Promise<void> {
  return until(`${id} ${wanted}`, () => state(id, to) === wanted);
}

async function pidOf(id: string): Promise<number> {
  const observed = await engine.observe(id as TaskId);
  return observed.kind === "running" ? observed.pid : 0;
}

async function runningTask(id: string, script = "sleep 1000") {
  await connected();
  manager.complete([task(id)], [template(script)]);
  await reported(id, "running");
  return pidOf(id);
}

describe("an agent and its manager", () => {
  test("says who it is and what its host offers", async () => {
    beginAgent();
    await connected();
    const [hello] = manager.hellos;
    expect(hello).toMatchObject({ memory: "none", fence: { epoch: 0, term: 0, sequence: 0 } });
    expect(hello?.description).toMatchObject({ Hostname: "host-a", Platform: { OS: "linux" } });
  });

  test("runs what it is assigned, reports where it is, and stops it when told", async () => {
    beginAgent();
    const pid = await runningTask("a");
    expect(pid).toBeGreaterThan(0);
    manager.increment({ tasks: [task("a", "shutdown")] });
    await reported("a", "shutdown");
    expect(await pidOf("a")).toBe(0);
    manager.increment({ removed: ["a" as TaskId] });
    await until("nothing left of it", async () => (await engine.list()).length === 0);
  });

  test("keeps a task ready until it is wanted running", async () => {
    beginAgent();
    await connected();
    manager.complete([task("a", "ready")], [template("sleep 1000")]);
    await reported("a", "ready");
    expect(await engine.observe("a" as TaskId)).toMatchObject({ kind: "created" });
    manager.increment({ tasks: [task("a", "running")] });
    await reported("a", "running");
  });

  test("tells how a task ended that nobody stopped", async () => {
    beginAgent();
    await connected();
    manager.complete(
      [task("good"), task("bad", "running", 2)],
      [template("true"), template("exit 3", 2)],
    );
    await reported("good", "complete");
    await reported("bad", "failed");
    expect(manager.statuses.get("bad" as TaskId)).toMatchObject({
      error: "task: non-zero exit (3)",
      container: { exitCode: 3 },
    });
  });

  test("rejects what its engine refuses, with the engine's reason", async () => {
    beginAgent();
    await connected();
    manager.complete([task("a")], [{ ...template(""), template: { ContainerSpec: {} } }]);
    await reported("a", "rejected");
    expect(manager.statuses.get("a" as TaskId)?.error).toMatch(/runs a command and no images/);
  });

  test("asks for everything when it missed something", async () => {
    beginAgent();
    const pid = await runningTask("a");
    manager.increment({ sequence: 7, removed: ["a" as TaskId] });
    await until("a resend", () => manager.resendsAsked === 1);
    manager.complete([task("a"), task("b")], [template("sleep 1000")]);
    await reported("b", "running");
    expect(await pidOf("a")).toBe(pid);
  });

  test("stops what a complete set does not name, and what nobody ever named", async () => {
    await engine.prepare({
      taskId: "stray" as TaskId,
      serviceId: WEB,
      slot: 1,
      hostPorts: [],
      template: template("sleep 1000"),
    });
    await engine.start("stray" as TaskId);
    beginAgent();
    await runningTask("a");
    await until("the stray gone", async () => !(await engine.list()).includes("stray" as TaskId));
    manager.complete([task("b")], [template("sleep 1000")]);
    await reported("b", "running");
    await until("only b", async () => (await engine.list()).join() === "b");
  });
});

describe("an agent that begins again", () => {
  test("leaves its tasks as they are while it is away, and takes them up again", async () => {
    const first = beginAgent();
    const pid = await runningTask("a");
    await first.end();
    expect(await pidOf("a")).toBe(pid);
    beginAgent();
    await until("a second hello", () => manager.hellos.length === 2);
    expect(manager.hellos[1]).toMatchObject({ memory: "kept", fence: FENCE });
    manager.complete([task("a")], [template("sleep 1000")]);
    manager.increment({ tasks: [task("b")] });
    await reported("b", "running");
    expect(await pidOf("a")).toBe(pid);
  });

  test("starts nothing new before a complete assignment has come", async () => {
    const first = beginAgent();
    await connected();
    manager.complete([task("a", "ready")], [template("sleep 1000")]);
    await reported("a", "ready");
    await first.end();
    const spec = { taskId: "a" as TaskId };
    await engine.remove(spec.taskId, NEVER);
    const second = beginAgent();
    await until("a second hello", () => manager.hellos.length === 2);
    await reported("a", "failed");
    await second.end();
    expect(await engine.list()).toEqual([]);
  });

  test("reports what happened while no manager answered", async () => {
    const first = beginAgent();
    await runningTask("a", "while [ ! -e go ]; do sleep 0.01; done; exit 4");
    manager.close();
    await until("no session", () => !manager.connected);
    await writeFile(
      join(folder, "tasks", `${cluster.clusterId}.${worker.nodeId}`, "a/work/go"),
      "",
    );
    await until("the end", async () => (await engine.observe("a" as TaskId)).kind === "exited");
    await first.end();
    const next = await anotherManager();
    beginAgent([next.address]);
    await reported("a", "failed", next);
    expect(next.statuses.get("a" as TaskId)?.container?.exitCode).toBe(4);
  });

  test("with a damaged memory names it, and takes up what the manager says", async () => {
    const first = beginAgent();
    const pid = await runningTask("a");
    await first.end();
    await writeFile(join(folder, "agent", "assignments.json"), "{}\nnonsense");
    beginAgent();
    await until("a second hello", () => manager.hellos.length === 2);
    expect(manager.hellos[1]).toMatchObject({ memory: "none", fence: FENCE });
    const names = await readdir(join(folder, "agent"));
    expect(names.some((name) => name.startsWith("assignments.json.damaged-"))).toBe(true);
    manager.statuses.clear();
    manager.complete([task("a")], [template("sleep 1000")]);
    await reported("a", "running");
    expect(await pidOf("a")).toBe(pid);
  });
});

describe("managers that come and go", () => {
  test("a silent one is left for the next within seconds, and no task is touched", async () => {
    const other = await anotherManager();
    beginAgent([manager.address, other.address]);
    await until("a session", () => manager.connected || other.connected);
    const [first, second] = manager.connected ? [manager, other] : [other, manager];
    first.complete([task("a")], [template("sleep 1000")]);
    await reported("a", "running", first);
    const pid = await pidOf("a");
    first.manner = "silent";
    await connected(second);
    expect(await pidOf("a")).toBe(pid);
    second.complete([task("a", "shutdown")], [template("sleep 1000")]);
    await reported("a", "shutdown", second);
  });

  test.each([
    ["an older store", { ...FENCE, sequence: 99 }],
    ["an older term", { ...FENCE, term: 4, sequence: 900 }],
    ["an older epoch", { epoch: 0, term: 9, sequence: 900 }],
  ])("one with %s is not obeyed, however often it tries", async (_which, fence) => {
    const { agent } = beginAgent();
    const pid = await runningTask("a");
    manager.fence = fence;
    manager.complete([], []);
    await until("the session dropped", () => agent.state.kind === "searching");
    await until("more tries", () => manager.hellos.length >= 3);
    expect(agent.state).toMatchObject({ reason: expect.stringMatching(/is behind/) as string });
    expect(await pidOf("a")).toBe(pid);
    manager.fence = { ...FENCE, sequence: 101 };
    await until("a session", () => agent.state.kind === "connected");
    manager.complete([], []);
    await until("nothing left", async () => (await engine.list()).length === 0);
  });

  test("one that was restarted has the agent back within a second or two", async () => {
    const { agent } = beginAgent();
    const pid = await runningTask("a");
    manager.close();
    await until("no session", () => agent.state.kind === "searching");
    const port = Number(manager.address.split(":")[1]);
    const again = await anotherManager({ port });
    await connected(again);
    expect(await pidOf("a")).toBe(pid);
  });

  test("those that a manager names are remembered", async () => {
    const other = await anotherManager();
    const first = beginAgent();
    await connected();
    manager.send({ kind: "managers", addresses: [other.address] });
    manager.complete([task("a")], [template("sleep 1000")]);
    await reported("a", "running");
    await first.end();
    manager.close();
    beginAgent([]);
    await connected(other);
  });
});

test("an agent whose node was removed ends with that, and leaves the tasks to who ended it", async () => {
  const agent = anAgent([manager.address]);
  const running = agent.run({ signal: NEVER });
  running.catch(() => undefined);
  const pid = await runningTask("a");
  manager.send({ kind: "removed", fence: { ...FENCE, sequence: 99 } });
  await until("a second hello", () => manager.hellos.length === 2);
  manager.send({ kind: "removed", fence: { ...FENCE, sequence: 101 } });
  await expect(running).rejects.toThrow(NodeRemovedError);
  expect(await pidOf("a")).toBe(pid);
});

test("a node that leaves stops and removes all of its tasks and forgets the cluster", async () => {
  const { end } = beginAgent();
  await runningTask("a");
  await end();
  await anAgent([]).leave({ signal: NEVER });
  expect(await engine.list()).toEqual([]);
  beginAgent();
  await until("a second hello", () => manager.hellos.length === 2);
  expect(manager.hellos[1]).toMatchObject({ memory: "none", fence: { epoch: 0 } });
});
