// Real containers of two engines on the cluster's networks, without a cluster.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ANSWERER } from "../../deploy/lab/built-programs.js";
import type { ClusterId, NetworkId, ServiceId, TaskId } from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { DockerEngine } from "../../worker/engine/docker/docker-engine.js";
import { NameKeeper } from "../../worker/network/dns.js";
import { HostNetwork } from "../../worker/network/host-network.js";
import { Kernel } from "../../worker/network/kernel.js";
import { EngineInNamespace } from "../network/engine-in-namespace.js";
import { fileOf, inside, Namespaces, PATH } from "../network/namespaces.js";
import { answersTo, lookup } from "../network/talk.js";
import {
  gatewayOf,
  HOSTS,
  macOf,
  serviceOf,
  type TestNetwork,
  toldTo,
} from "../network/two-hosts.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";

const CLUSTER = "cluster" as ClusterId;
const [HOST1, HOST2] = HOSTS;
const NEVER = new AbortController().signal;

const FRONT: TestNetwork = {
  name: "front",
  vni: 4097,
  kind: "overlay",
  net: "10.250.1",
  tasks: [
    { taskId: "t1" as TaskId, nodeId: HOST1.nodeId, address: "10.250.1.5" },
    { taskId: "t2" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.6" },
  ],
  services: [serviceOf("web", "10.250.1.2", ["10.250.1.5", "10.250.1.6"])],
};
const INGRESS: TestNetwork = {
  name: "ingress",
  vni: 4096,
  kind: "ingress",
  net: "10.250.0",
  tasks: [
    { taskId: "t1" as TaskId, nodeId: HOST1.nodeId, address: "10.250.0.5" },
    { taskId: "t2" as TaskId, nodeId: HOST2.nodeId, address: "10.250.0.6" },
  ],
};
const SECRET: TestNetwork = {
  name: "secret",
  vni: 4098,
  kind: "overlay",
  net: "10.250.2",
  tasks: [{ taskId: "t3" as TaskId, nodeId: HOST1.nodeId, address: "10.250.2.5" }],
  services: [serviceOf("vault", "10.250.2.2", ["10.250.2.5"])],
};
const NETWORKS = [INGRESS, FRONT, SECRET];
const PORTS = [
  {
    protocol: "tcp",
    publishedPort: 8080,
    targetPort: 80,
    spread: "cluster",
    backends: INGRESS.tasks.map(({ address, nodeId }) => ({ address, nodeId })),
  },
] as const;

interface TestHost {
  readonly nodeId: (typeof HOSTS)[number]["nodeId"];
  readonly name: string;
  readonly engine: DockerEngine;
  readonly docker: Docker;
  readonly network: HostNetwork;
}

describeWithLab("containers of two engines", () => {
  /** What ends at the end, the last first. */
  const ends: (() => Promise<void>)[] = [];
  const folder = mkdtempSync(join(tmpdir(), "skep-network-"));
  const hosts: TestHost[] = [];
  const pids = new Map<string, number>();
  let outside = "";

  beforeAll(async () => {
    const spaces = new Namespaces();
    ends.push(() => {
      spaces[Symbol.dispose]();
      return Promise.resolve();
    });
    const at = spaces.addSwitch();
    outside = spaces.addHost("outside", at, "192.0.2.9/24");
    for (const { nodeId, address } of HOSTS)
      hosts.push(await raiseHost(spaces, at, nodeId, address));
    for (const { taskId, nodeId } of [...FRONT.tasks, ...SECRET.tasks]) {
      const host = hosts.find((one) => one.nodeId === nodeId);
      if (host !== undefined) pids.set(taskId, await runTask(host, taskId));
    }
  });

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function raiseHost(
    spaces: Namespaces,
    at: string,
    nodeId: TestHost["nodeId"],
    address: string,
  ): Promise<TestHost> {
    const name = spaces.addHost(nodeId, at, `${address}/24`);
    // As a host comes: the engine switches forwarding on, and then drops what it does not know.
    inside(name, ["sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"]);
    const started = await EngineInNamespace.start(name, "172.31.0.1/24");
    ends.push(() => started[Symbol.asyncDispose]());
    const { socket } = started;
    const kernel = new Kernel({ path: PATH, namespace: fileOf(name) });
    const own = join(folder, nodeId);
    const program = ["nsenter", `--net=${fileOf(name)}`, "--", process.execPath, ANSWERER] as const;
    const common = { clock: systemClock, logger: silentLogger };
    const names = new NameKeeper({ folder: join(own, "names"), program });
    const network = new HostNetwork({ nodeId, folder: own, kernel, names, ...common });
    const engine = new DockerEngine({
      identity: { clusterId: CLUSTER, nodeId, hostname: name },
      socketPath: socket,
      network: { kind: "available" },
      plane: network,
      ...common,
    });
    const stop = new AbortController();
    const running = network.run(stop.signal);
    ends.push(async () => {
      stop.abort();
      await running;
      await names.remove();
    });
    await network.want(toldTo(nodeId, NETWORKS, PORTS));
    return { nodeId, name, engine, docker: new Docker({ socketPath: socket }), network };
  }

  async function runTask({ engine }: TestHost, taskId: TaskId): Promise<number> {
    const serve = `echo ${taskId} > /index.html; httpd -f -p 80 -h / & sleep 1000`;
    const template = {
      serviceId: "s" as ServiceId,
      revision: 1,
      serviceName: "web",
      serviceLabels: {},
      template: { ContainerSpec: { Image: "skep/busybox:1", Command: ["sh", "-c", serve] } },
    };
    const run = {
      ...{ taskId, serviceId: "s" as ServiceId, slot: 1, template, hostPorts: [] },
      networkIds: networkIdsOf(taskId),
    };
    await engine.prepare(run, NEVER);
    const observed = await engine.start(taskId, NEVER);
    return observed.kind === "running" ? observed.pid : 0;
  }

  function spaceOf(taskId: string): string {
    return `/proc/${pids.get(taskId)}/ns/net`;
  }

  async function fetched(from: string, url: string): Promise<string> {
    return Promise.resolve(inside(from, ["curl", "-sS", "-m", "3", url]).trim());
  }

  test("have the addresses that they were given, and names of ours", async () => {
    const [host] = hosts;
    const [summary] = (await host?.docker.listContainers()) ?? [];
    const shown = inside(spaceOf("t1"), ["ip", "address"]);
    for (const { tasks } of [FRONT, INGRESS]) {
      expect(shown).toContain(`inet ${tasks[0]?.address}/24`);
      expect(shown).toContain(macOf(tasks[0]?.address ?? ""));
    }
    expect(shown).toContain("mtu 1450");
    expect(summary?.Image).toBe("skep/busybox:1");
    const gateway = gatewayOf(FRONT, HOST1.nodeId);
    expect(await lookup(spaceOf("t1"), gateway, "web")).toEqual(["10.250.1.2"]);
    expect(await lookup(spaceOf("t1"), gateway, "tasks.web")).toEqual(["10.250.1.5", "10.250.1.6"]);
    expect(await lookup(spaceOf("t1"), gateway, "vault")).not.toEqual(["10.250.2.2"]);
  });

  test("reach each other by address and by virtual address", async () => {
    for (const from of ["t1", "t2"]) {
      for (const { taskId, address } of FRONT.tasks) {
        expect(await fetched(spaceOf(from), `http://${address}/`)).toBe(taskId);
      }
      const seen = new Set<string>();
      for (let i = 0; i < 40; i++) seen.add(await fetched(spaceOf(from), "http://10.250.1.2/"));
      expect([...seen].sort()).toEqual(["t1", "t2"]);
    }
  });

  test("are reached on a published port of every host, by loopback, and by a task itself", async () => {
    for (const { name, nodeId } of hosts) {
      const address = HOSTS.find((host) => host.nodeId === nodeId)?.address ?? "";
      for (const [from, to] of [
        [outside, address],
        [name, address],
        [name, "127.0.0.1"],
        [spaceOf("t1"), address],
        [spaceOf("t2"), address],
        [spaceOf("t3"), address],
      ] as const) {
        const seen: string[] = [];
        for (let i = 0; i < 4; i++) seen.push(await fetched(from, `http://${to}:8080/`));
        expect(seen.sort(), `${from} to ${to}`).toEqual(["t1", "t1", "t2", "t2"]);
      }
    }
  });

  test("of different networks do not reach each other", async () => {
    const to = [...FRONT.tasks, ...INGRESS.tasks].map(({ address }) => address);
    for (const host of [...to, "10.250.1.2"]) {
      const answers = await answersTo(spaceOf("t3"), { host, port: 80 });
      expect(Object.keys(answers).join(), host).toMatch(/^(timeout|EHOSTUNREACH|ENETUNREACH)$/);
    }
    for (const host of ["10.250.2.5", "10.250.2.2"]) {
      const answers = await answersTo(spaceOf("t2"), { host, port: 80 });
      expect(Object.keys(answers).join(), host).toMatch(/^(timeout|EHOSTUNREACH|ENETUNREACH)$/);
    }
  });

  test("take their networks along when they go", async () => {
    const [host] = hosts;
    if (host === undefined) throw new Error("no host");
    const names = async (): Promise<string[]> => {
      const networks = await host.docker.listNetworks();
      return networks.map(({ Name }) => Name).filter((name) => name.startsWith("skep-"));
    };
    expect((await names()).sort()).toEqual([
      "skep-id-of-front",
      "skep-id-of-ingress",
      "skep-id-of-secret",
    ]);
    await host.engine.remove("t3" as TaskId, NEVER);
    await host.network.want(toldTo(host.nodeId, [INGRESS, FRONT], PORTS));
    await host.network.settled(NEVER);
    await host.engine.list(NEVER);
    expect((await names()).sort()).toEqual(["skep-id-of-front", "skep-id-of-ingress"]);
    expect(inside(host.name, ["ip", "-brief", "link"])).not.toContain("4098");
    await settles(async () => {
      expect(await fetched(spaceOf("t1"), "http://10.250.1.6/")).toBe("t2");
    });
  });
});

function networkIdsOf(taskId: TaskId): readonly NetworkId[] {
  const on = NETWORKS.filter(({ tasks }) => tasks.some((task) => task.taskId === taskId));
  return on.map(({ name }) => `id-of-${name}` as NetworkId);
}
