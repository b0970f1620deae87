// An agent with a real Docker engine: what happens behind its back, and while the
// engine or the agent is away.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";

import type { ContainerSpec } from "../../shared/docker-api/container-spec.js";
import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { Fence } from "../../shared/model/fence.js";
import { newId, type NodeId, type ServiceId, type TaskId } from "../../shared/model/ids.js";
import type { Task } from "../../shared/model/task.js";
import type { DesiredState } from "../../shared/model/task-state.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import type { IdentitySource } from "../../shared/rpc/tls-identity.js";
import { Agent } from "../../worker/agent/agent.js";
import { dispatcherConnector, reachHost } from "../../worker/agent/dispatcher-client.js";
import { TaskDb } from "../../worker/agent/task-db.js";
import { DockerEngine } from "../../worker/engine/docker/docker-engine.js";
import { DispatcherStub } from "../dispatcher-stub.js";
import { EngineProxy } from "../engine-proxy.js";
import { type TestCluster, testCluster } from "../identities.js";
import { describeWithEngine } from "../setup/requirements.js";

const provided = inject("engine");
const socketPath = provided.kind === "ready" ? provided.socket : "";

const FENCE: Fence = { epoch: 1, term: 1, sequence: 1 };
const SECOND_NS = 1e9;
const NEVER = new AbortController().signal;
/** Only a failing test waits that long. */
const PATIENCE_MS = 60_000;

const random = systemRandom();
const docker = new Docker({ socketPath });
let cluster: TestCluster;
let managerIdentity: IdentitySource;
let worker: { readonly nodeId: NodeId; readonly identity: IdentitySource };
let folder: string;
let manager: DispatcherStub;
let proxy: EngineProxy;
let service: ServiceId;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  managerIdentity = (await cluster.certify("manager")).identity;
  worker = await cluster.certify("worker");
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-agent-"));
  service = newId<ServiceId>(random);
  manager = await DispatcherStub.serve(managerIdentity, { fence: FENCE });
  proxy = new EngineProxy(join(folder, "engine.sock"), socketPath);
  await proxy.restore();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  manager.close();
  await proxy.cut();
  await removeOurs();
  await rm(folder, { recursive: true });
});

afterAll(removeOurs);

async function containers(): Promise<{ Id: string; State: string }[]> {
  const label = [`skep.cluster.id=${cluster.clusterId}`];
  return docker.listContainers({ all: true, filters: { label } });
}

async function removeOurs(): Promise<void> {
  if (provided.kind !== "ready") return;
  for (const { Id } of await containers()) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
}

function beginAgent(): () => Promise<void> {
  const { clusterId } = cluster;
  const clock = systemClock;
  const logger = silentLogger;
  const identity = { clusterId, nodeId: worker.nodeId, hostname: "host-a" };
  const agent = new Agent({
    engine: new DockerEngine({
      identity,
      socketPath: proxy.socketPath,
      network: { kind: "available" },
      clock,
      logger,
    }),
    managers: [manager.address],
    connect: dispatcherConnector({ kind: "member", identity: worker.identity }, clock),
    reach: reachHost,
    memory: new TaskDb({ folder: join(folder, "agent"), clock, logger }),
    clock,
    random,
    logger,
  });
  const stop = new AbortController();
  const running = agent.run({ signal: stop.signal });
  const end = async (): Promise<void> => {
    stop.abort(new Error("the daemon is stopped"));
    await running;
  };
  ends.push(end);
  return end;
}

function task(desired: DesiredState = "running"): Task {
  return {
    id: newId<TaskId>(random),
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: service,
    revision: 1,
    slot: 1,
    nodeId: worker.nodeId,
    desired,
    status: { state: "assigned", atMs: 0, message: "assigned" },
  };
}

function template(spec: ContainerSpec): TaskTemplate {
  const ContainerSpec = { Image: "skep/busybox:1", StopGracePeriod: 0, ...spec };
  const base = { serviceId: service, serviceName: "web", serviceLabels: {} };
  return { ...base, revision: 1, template: { ContainerSpec } };
}

const SLEEP: ContainerSpec = { Command: ["sleep", "1000"] };

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!(await holds())) {
    if (signal.aborted) throw new Error(`never happened: ${what}`);
    await systemClock.sleep(10, NEVER);
  }
}

function reported(one: Task, state: string): Promise<void> {
  return until(`task ${state}`, () => manager.statuses.get(one.id)?.state === state);
}

async function assigned(spec: ContainerSpec, state = "running"): Promise<Task> {
  beginAgent();
  const one = task();
  await until("a session", () => manager.connected);
  manager.complete([one], [template(spec)]);
  await reported(one, state);
  return one;
}

function containerIdOf(one: Task): string {
  return manager.statuses.get(one.id)?.container?.containerId ?? "";
}

describeWithEngine("an agent with Docker", () => {
  test("runs a task, stops it, and removes its container only when it is no longer assigned", async () => {
    const one = await assigned(SLEEP);
    const { container } = manager.statuses.get(one.id)!;
    expect(container?.pid).toBeGreaterThan(0);
    expect(manager.heard.get(one.id)?.at(-1)).toBe("running");
    manager.increment({ tasks: [{ ...one, desired: "shutdown" }] });
    await reported(one, "shutdown");
    expect((await containers()).map(({ State }) => State)).toEqual(["exited"]);
    manager.increment({ removed: [one.id] });
    await until("no container", async () => (await containers()).length === 0);
  });

  test("tells when a container is killed behind its back", async () => {
    const one = await assigned(SLEEP);
    await docker.getContainer(containerIdOf(one)).kill();
    await reported(one, "failed");
    expect(manager.statuses.get(one.id)).toMatchObject({
      error: "task: non-zero exit (137)",
      container: { exitCode: 137 },
    });
  });

  test("tells when a container is removed behind its back", async () => {
    const one = await assigned(SLEEP);
    await docker.getContainer(containerIdOf(one)).remove({ force: true });
    await reported(one, "failed");
  });

  test("waits for health before it says running, and fails a task that falls ill", async () => {
    const one = await assigned({
      Command: ["sh", "-c", "sleep 1; touch /tmp/well; sleep 3; rm /tmp/well; sleep 1000"],
      Healthcheck: {
        Test: ["CMD-SHELL", "test -e /tmp/well"],
        Interval: SECOND_NS / 2,
        Retries: 4,
      },
    });
    const inspected = await docker.getContainer(containerIdOf(one)).inspect();
    expect(inspected.State.Health?.Status).toBe("healthy");
    await reported(one, "failed");
    expect(manager.statuses.get(one.id)?.error).toMatch(
      /^task: non-zero exit \(1\d\d\): dockerexec: unhealthy container$/,
    );
  });

  test.each<[string, ContainerSpec, string, RegExp]>([
    ["an image that is nowhere", { Image: "skep/no:1" }, "rejected", /^No such image: skep\/no:1/],
    [
      "a bind from nowhere",
      { Mounts: [{ Type: "bind", Source: "/no/such", Target: "/x" }] },
      "rejected",
      /bind source path does not exist/,
    ],
    ["a program that is not there", { Command: ["/no"] }, "failed", /^starting container failed/],
  ])("says why a task with %s does not run", async (_what, spec, state, error) => {
    const one = await assigned(spec, state);
    expect(manager.statuses.get(one.id)?.error).toMatch(error);
  });

  test("takes the same container up again after its own restart", async () => {
    const first = beginAgent();
    const one = task();
    await until("a session", () => manager.connected);
    manager.complete([one], [template(SLEEP)]);
    await reported(one, "running");
    const containerId = containerIdOf(one);
    await first();
    beginAgent();
    await until("a second session", () => manager.hellos.length === 2 && manager.connected);
    manager.complete([one], [template(SLEEP)]);
    const two = task();
    manager.increment({ tasks: [two] });
    await reported(two, "running");
    const now = await docker.getContainer(containerId).inspect();
    expect(now.State.Running).toBe(true);
    expect((await containers()).length).toBe(2);
  });
});

describeWithEngine("while the engine is away", () => {
  test("no task is failed, and what happened meanwhile is told once it is back", async () => {
    const one = await assigned(SLEEP);
    const two = task();
    manager.increment({ tasks: [two] });
    await reported(two, "running");
    const [, ...before] = [manager.statuses.size, ...manager.statuses.values()];
    await proxy.cut();
    await docker.getContainer(containerIdOf(two)).kill();
    const three = task();
    manager.increment({ tasks: [three] });
    await reported(three, "preparing");
    expect(before.map(({ state }) => state)).toEqual(["running", "running"]);
    expect(manager.statuses.get(two.id)?.state).toBe("running");
    await proxy.restore();
    await reported(two, "failed");
    await reported(three, "running");
    expect(manager.statuses.get(one.id)?.state).toBe("running");
  });

  test.each([
    ["dies", () => proxy.cut(), () => proxy.restore()],
    [
      "hangs",
      async () => {
        proxy.hang();
      },
      async () => {
        proxy.goOn();
      },
    ],
  ])("the managers hear when it %s, and when it answers again", async (_how, lose, mend) => {
    const one = await assigned(SLEEP);
    expect(manager.engine).toEqual({ kind: "answers" });
    await lose();
    await until("it is away", () => manager.engine?.kind === "away");
    const reason = expect.stringMatching(/engine/) as string;
    expect(manager.engine).toEqual({ kind: "away", reason });
    await mend();
    await until("it answers", () => manager.engine?.kind === "answers");
    expect(manager.statuses.get(one.id)?.state).toBe("running");
  });

  test("an agent that begins comes to its managers anyway, and says what the host offers later", async () => {
    await proxy.cut();
    beginAgent();
    await until("a session", () => manager.connected);
    const [hello] = manager.hellos;
    expect(hello).toMatchObject({ engine: { kind: "away" } });
    expect(hello?.description).toBeUndefined();
    const one = task();
    manager.complete([one], [template(SLEEP)]);
    await proxy.restore();
    await reported(one, "running");
    await until("the engine's word", () => manager.engine?.kind === "answers");
    await until("what the host offers", () => manager.descriptions.length > 0);
    expect(manager.descriptions[0]?.Engine?.EngineVersion).toMatch(/^\d+\./);
  });

  test("an order to stop waits for it", async () => {
    const one = await assigned(SLEEP);
    await proxy.cut();
    manager.increment({ tasks: [{ ...one, desired: "shutdown" }] });
    await proxy.restore();
    await reported(one, "shutdown");
    expect((await containers()).map(({ State }) => State)).toEqual(["exited"]);
  });
});
