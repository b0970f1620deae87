// The Docker engine's side of a task's life, on a real engine.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";
import { afterAll, afterEach, beforeEach, expect, inject, test } from "vitest";

import type { ContainerSpec } from "../../shared/docker-api/container-spec.js";
import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";
import type { TaskSpec } from "../../shared/docker-api/task-spec.js";
import {
  type ClusterId,
  newId,
  type NodeId,
  type ServiceId,
  type TaskId,
} from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { DockerEngine } from "../../worker/engine/docker/docker-engine.js";
import type { EngineEvent, EngineIdentity, TaskRun } from "../../worker/engine/engine.js";
import { describeWithEngine } from "../setup/requirements.js";

const provided = inject("engine");
const socketPath = provided.kind === "ready" ? provided.socket : "";

const IMAGE = "skep/busybox:1";
const SECOND_NS = 1e9;
/** A busy machine may take long to start a container; only a failing test waits that long. */
const PATIENCE_MS = 60_000;

const random = systemRandom();
const identity: EngineIdentity = {
  clusterId: newId<ClusterId>(random),
  nodeId: newId<NodeId>(random),
  hostname: "host-a",
};
const SERVICE = newId<ServiceId>(random);
const NEVER = new AbortController().signal;

const docker = new Docker({ socketPath });
let engine: DockerEngine;
let task: TaskId;

beforeEach(() => {
  engine = engineOf(identity);
  task = newId<TaskId>(random);
});

afterEach(removeOurs);
afterAll(removeOurs);

function engineOf(of: EngineIdentity): DockerEngine {
  return new DockerEngine({
    identity: of,
    socketPath,
    network: { kind: "available" },
    clock: systemClock,
    logger: silentLogger,
  });
}

async function removeOurs(): Promise<void> {
  if (provided.kind !== "ready") return;
  const label = [`skep.cluster.id=${identity.clusterId}`];
  const ours = await docker.listContainers({ all: true, filters: { label } });
  for (const { Id } of ours) await docker.getContainer(Id).remove({ force: true, v: true });
}

interface Wish {
  readonly spec?: TaskSpec;
  readonly hostPorts?: readonly EndpointPortConfig[];
}

function run(container: ContainerSpec, { spec = {}, hostPorts = [] }: Wish = {}): TaskRun {
  return {
    taskId: task,
    serviceId: SERVICE,
    slot: 2,
    hostPorts,
    template: {
      serviceId: SERVICE,
      revision: 1,
      serviceName: "web",
      serviceLabels: { tier: "front" },
      template: { ...spec, ContainerSpec: { Image: IMAGE, ...container } },
    },
  };
}

function shell(script: string, container: ContainerSpec = {}): TaskRun {
  return run({ Command: ["sh", "-c", script], ...container });
}

async function launch(wanted: TaskRun) {
  await engine.prepare(wanted, NEVER);
  return engine.start(wanted.taskId, NEVER);
}

/** Waits, by the engine's events, for what `holds` says of the observed task. */
async function observed(holds: (kind: string, health: string) => boolean) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const event of engine.events(signal)) {
    if (event.kind === "task" && event.taskId !== task) continue;
    const now = await engine.observe(task, NEVER);
    if (holds(now.kind, "health" in now ? now.health : "")) return now;
  }
  throw new Error("the engine never showed it");
}

async function logs(): Promise<string> {
  const container = docker.getContainer(`web.2.${task}`);
  const raw = await container.logs({ stdout: true, stderr: true });
  // Eight bytes of frame before each piece: see the API's description of attach.
  let text = "";
  for (let at = 0; at < raw.length; at += 8 + raw.readUInt32BE(at + 4)) {
    text += raw.toString("utf8", at + 8, at + 8 + raw.readUInt32BE(at + 4));
  }
  return text;
}

describeWithEngine("a container task", () => {
  test("is absent, created, running, exited and gone", async () => {
    expect(await engine.observe(task, NEVER)).toEqual({ kind: "absent" });
    expect(await engine.prepare(shell("sleep 0.2; exit 3"), NEVER)).toMatchObject({
      kind: "created",
    });
    expect(await engine.start(task, NEVER)).toMatchObject({ kind: "running", health: "none" });
    expect(await observed((kind) => kind === "exited")).toMatchObject({ exitCode: 3 });
    await engine.remove(task, NEVER);
    expect(await engine.observe(task, NEVER)).toEqual({ kind: "absent" });
  });

  test("is made with everything its spec says", async () => {
    const wanted = run(
      {
        Command: ["sh", "-c", "sleep 1000"],
        Env: ["WHERE={{.Node.Hostname}}", "SLOT={{.Task.Slot}}"],
        Hostname: "{{.Service.Name}}-{{.Task.Slot}}",
        Dir: "/tmp",
        User: "1000:1000",
        Groups: ["2000"],
        Labels: { mine: "yes", "com.docker.swarm.task.id": "forged" },
        Hosts: ["10.9.8.7 far away"],
        DNSConfig: { Nameservers: ["9.9.9.9"], Search: ["example.org"], Options: ["ndots:2"] },
        StopSignal: "SIGQUIT",
        StopGracePeriod: 2.5 * SECOND_NS,
        ReadOnly: true,
        Init: true,
        Sysctls: { "net.ipv4.ip_unprivileged_port_start": "1" },
        CapabilityAdd: ["CAP_NET_ADMIN"],
        CapabilityDrop: ["CAP_CHOWN"],
        Ulimits: [{ Name: "nofile", Soft: 100, Hard: 200 }],
        OomScoreAdj: 100,
        Privileges: { NoNewPrivileges: true, Seccomp: { Mode: "unconfined" } },
        Mounts: [{ Type: "tmpfs", Target: "/scratch", TmpfsOptions: { SizeBytes: 65536 } }],
      },
      {
        spec: {
          Resources: {
            Limits: { NanoCPUs: 0.5e9, MemoryBytes: 64 * 2 ** 20, Pids: 50 },
            Reservations: { MemoryBytes: 32 * 2 ** 20 },
          },
          LogDriver: { Name: "json-file", Options: { "max-size": "1m" } },
        },
      },
    );
    await launch(wanted);
    const made = await docker.getContainer(`web.2.${task}`).inspect();
    expect(made.Config).toMatchObject({
      Hostname: "web-2",
      User: "1000:1000",
      WorkingDir: "/tmp",
      StopSignal: "SIGQUIT",
      StopTimeout: 3,
      Env: expect.arrayContaining(["WHERE=host-a", "SLOT=2"]) as unknown,
      Labels: {
        mine: "yes",
        "skep.cluster.id": identity.clusterId,
        "skep.node.id": identity.nodeId,
        "com.docker.swarm.task.id": task,
        "com.docker.swarm.task.name": `web.2.${task}`,
        "com.docker.swarm.service.name": "web",
      },
    });
    expect(made.HostConfig).toMatchObject({
      NanoCpus: 0.5e9,
      Memory: 64 * 2 ** 20,
      MemoryReservation: 32 * 2 ** 20,
      PidsLimit: 50,
      ReadonlyRootfs: true,
      Init: true,
      GroupAdd: ["2000"],
      Dns: ["9.9.9.9"],
      DnsSearch: ["example.org"],
      DnsOptions: ["ndots:2"],
      ExtraHosts: ["far:10.9.8.7", "away:10.9.8.7"],
      CapAdd: ["CAP_NET_ADMIN"],
      CapDrop: ["CAP_CHOWN"],
      Ulimits: [{ Name: "nofile", Soft: 100, Hard: 200 }],
      OomScoreAdj: 100,
      SecurityOpt: ["seccomp=unconfined", "no-new-privileges=true"],
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      RestartPolicy: { Name: "no" },
    });
  });

  test("gets its mounts, placeholders in them filled in", async () => {
    const folder = await mkdtemp(join(tmpdir(), "skep-mount-"));
    await writeFile(join(folder, "note"), "from the host\n");
    const volume = `skep-test-${task}`;
    try {
      await launch(
        shell("cat /in/note; touch /in/x 2>&1 || echo closed; echo kept > /vol/2; ls /vol", {
          Mounts: [
            { Type: "bind", Source: folder, Target: "/in", ReadOnly: true },
            { Type: "volume", Source: volume, Target: "/vol" },
          ],
        }),
      );
      await observed((kind) => kind === "exited");
      expect(await logs()).toMatch(/^from the host\n.*Read-only file system\nclosed\n2\n$/);
    } finally {
      await engine.remove(task, NEVER);
      await docker.getVolume(volume).remove();
      await rm(folder, { recursive: true });
    }
  });

  test("takes its arguments for the image's command, its command for the entrypoint", async () => {
    await launch(run({ Args: ["echo", "two words"] }));
    await observed((kind) => kind === "exited");
    expect(await logs()).toBe("two words\n");
  });

  test("prepared or started twice is one container", async () => {
    const wanted = shell("sleep 1000");
    const first = await engine.prepare(wanted, NEVER);
    expect(await engineOf(identity).prepare(wanted, NEVER)).toEqual(first);
    const running = await engine.start(task, NEVER);
    expect(await engine.start(task, NEVER)).toEqual(running);
    expect(await engineOf(identity).prepare(wanted, NEVER)).toEqual(running);
  });

  test("publishes host ports, the engine's choice of one too", async () => {
    const hostPorts: EndpointPortConfig[] = [
      { Protocol: "tcp", TargetPort: 80, PublishedPort: 0, PublishMode: "host" },
    ];
    const running = await launch(run({ Command: ["sleep", "1000"] }, { hostPorts }));
    expect(running).toMatchObject({
      ports: [{ protocol: "tcp", targetPort: 80, publishedPort: expect.any(Number) as unknown }],
    });
  });
});

describeWithEngine("what the engine refuses", () => {
  test("an image that is nowhere, in Docker's words and with the reason", async () => {
    const refusal = engine.prepare(run({ Image: "skep/nosuch:9" }), NEVER);
    await expect(refusal).rejects.toThrow(/^No such image: skep\/nosuch:9 \(.+\)$/);
  });

  test.each<[string, ContainerSpec, RegExp]>([
    [
      "a bind mount from nowhere",
      { Mounts: [{ Type: "bind", Source: "/no/such/folder", Target: "/x" }] },
      /bind source path does not exist: \/no\/such\/folder/,
    ],
    ["a placeholder for nothing", { Env: ["A={{.Nothing.At.All}}"] }, /failed to expand template/],
    [
      "what it is too old for",
      {
        Mounts: [
          { Type: "volume", Source: "v", Target: "/x", VolumeOptions: { Subpath: "inner" } },
        ],
      },
      /needs an engine with API 1\.45/,
    ],
  ])("%s, before anything is made", async (_what, container, says) => {
    await expect(engine.prepare(run(container), NEVER)).rejects.toThrow(says);
    expect(await engine.observe(task, NEVER)).toEqual({ kind: "absent" });
  });

  test("a program that is not in the image, when it is to start", async () => {
    await engine.prepare(run({ Command: ["/no/such/program"] }), NEVER);
    const refusal = engine.start(task, NEVER);
    await expect(refusal).rejects.toThrow(/^starting container failed: .*no such file/s);
  });

  test("a container name that is somebody else's", async () => {
    const stranger = await docker.createContainer({ name: `web.2.${task}`, Image: IMAGE });
    try {
      const refusal = engine.prepare(shell("true"), NEVER);
      await expect(refusal).rejects.toThrow(/already in use/);
    } finally {
      await stranger.remove();
    }
  });
});

describeWithEngine("stopping a container task", () => {
  test("asks with its stop signal and keeps the exit code", async () => {
    await launch(
      shell('trap "exit 7" USR1; echo on; while :; do sleep 0.05; done', { StopSignal: "SIGUSR1" }),
    );
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while ((await logs()) === "") await systemClock.sleep(20, signal);
    const stopped = await engine.stop(task, { graceMs: PATIENCE_MS }, NEVER);
    expect(stopped).toMatchObject({ kind: "exited", exitCode: 7 });
  });

  test("kills after the grace period", async () => {
    await launch(shell('trap "" TERM; while :; do sleep 0.05; done'));
    const stopped = await engine.stop(task, { graceMs: 500 }, NEVER);
    expect(stopped).toMatchObject({ kind: "exited", exitCode: 137 });
  });

  test("of what is not there, or over, changes nothing", async () => {
    expect(await engine.stop(task, { graceMs: 0 }, NEVER)).toEqual({ kind: "absent" });
    await launch(shell("exit 4"));
    await observed((kind) => kind === "exited");
    expect(await engine.stop(task, { graceMs: 0 }, NEVER)).toMatchObject({ exitCode: 4 });
    await engine.remove(task, NEVER);
    await engine.remove(task, NEVER);
  });
});

describeWithEngine("health", () => {
  const CHECK = { Test: ["CMD-SHELL", "test -e /tmp/well"], Interval: SECOND_NS / 2, Retries: 1 };

  test("starts, gets well and falls ill", async () => {
    const wanted = shell("sleep 1; touch /tmp/well; sleep 3; rm /tmp/well; sleep 1000", {
      Healthcheck: { ...CHECK, Retries: 3 },
    });
    expect(await launch(wanted)).toMatchObject({ health: "starting" });
    await observed((_kind, health) => health === "healthy");
    await observed((_kind, health) => health === "unhealthy");
    // The last word on its health outlives it: the agent tells by it why the task ended.
    const stopped = await engine.stop(task, { graceMs: 0 }, NEVER);
    expect(stopped).toMatchObject({ kind: "exited", health: "unhealthy" });
  });
});

describeWithEngine("several agents on one engine", () => {
  test("see and touch only their own", async () => {
    await launch(shell("sleep 1000"));
    const other = engineOf({ ...identity, nodeId: newId<NodeId>(random) });
    expect(await other.list(NEVER)).toEqual([]);
    expect(await other.stop(task, { graceMs: 0 }, NEVER)).toEqual({ kind: "absent" });
    await other.remove(task, NEVER);
    expect(await engine.observe(task, NEVER)).toMatchObject({ kind: "running" });
    expect(await engineOf(identity).list(NEVER)).toEqual([task]);
  });

  test("hear of a container that someone removed by hand", async () => {
    await launch(shell("sleep 1000"));
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const events = engine.events(signal)[Symbol.asyncIterator]();
    await events.next();
    await docker.getContainer(`web.2.${task}`).remove({ force: true });
    for (;;) {
      const { value } = (await events.next()) as { value: EngineEvent };
      // The stream begins a little in the past, with the tasks of other tests.
      if (value.kind !== "task" || value.taskId !== task) continue;
      if ((await engine.observe(task, NEVER)).kind === "absent") break;
    }
    await events.return?.();
  });
});

describeWithEngine("an engine that is away", () => {
  test("is unavailable", async () => {
    const away = new DockerEngine({
      identity,
      socketPath: "/no/such/engine.sock",
      network: { kind: "available" },
      clock: systemClock,
      logger: silentLogger,
    });
    await expect(away.list(NEVER)).rejects.toMatchObject({ code: "unavailable" });
    await expect(away.list(NEVER)).rejects.toThrow(/cannot connect to the Docker engine/);
  });
});
