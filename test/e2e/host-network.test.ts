import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { ANSWERER } from "../../deploy/lab/built-programs.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { IngressPort } from "../../shared/model/node-networks.js";
import { type Logger, silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { NameKeeper } from "../../worker/network/dns.js";
import { HostNetwork } from "../../worker/network/host-network.js";
import type { Kernel } from "../../worker/network/kernel.js";
import { fileOf, inside, Namespaces } from "../network/namespaces.js";
import { answersTo, lookup, Server } from "../network/talk.js";
import { gatewayOf, HOSTS, serviceOf, type TestNetwork, toldTo } from "../network/two-hosts.js";
import { nameOf, raise } from "../network/world.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";

const [HOST1, HOST2] = HOSTS;
const VIP = "10.250.1.2";
const MEND_LIMIT_MS = 5_000;
const NO_NAMES = { resolvers: [], search: [], options: [] };
const TASK_A = { taskId: "a" as TaskId, networkIds: ["id-of-net1"] };
const FOREVER = new AbortController().signal;

const NET: TestNetwork = {
  name: "net1",
  vni: 4097,
  kind: "ingress",
  net: "10.250.1",
  tasks: [
    { taskId: "a" as TaskId, nodeId: HOST1.nodeId, address: "10.250.1.5" },
    { taskId: "b" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.6" },
  ],
  services: [serviceOf("web", VIP, ["10.250.1.6"])],
};
const PORT: IngressPort = {
  protocol: "tcp",
  publishedPort: 8080,
  targetPort: 80,
  spread: "cluster",
  backends: [{ address: "10.250.1.6", nodeId: HOST2.nodeId }],
};

/** Keeps what is told of changes from outside. */
class Told {
  readonly changes: string[] = [];

  logger(): Logger {
    const warn: Logger["warn"] = (fields, message) => {
      if (message === "changed from outside, and mended") this.changes.push(String(fields["what"]));
    };
    return { ...silentLogger, warn, child: () => this.logger() };
  }
}

/** The network of a host, running until its scope ends. */
class Running implements AsyncDisposable {
  readonly network: HostNetwork;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: ConstructorParameters<typeof HostNetwork>[0]) {
    this.network = new HostNetwork(options);
    this.#running = this.network.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function optionsFor(
  folder: string,
  host: {
    readonly nodeId: (typeof HOSTS)[number]["nodeId"];
    readonly name: string;
    readonly kernel: Kernel;
  },
): ConstructorParameters<typeof HostNetwork>[0] {
  const own = join(folder, host.nodeId);
  const program = [
    "nsenter",
    `--net=${fileOf(host.name)}`,
    "--",
    process.execPath,
    ANSWERER,
  ] as const;
  return {
    nodeId: host.nodeId,
    folder: own,
    kernel: host.kernel,
    names: new NameKeeper({ folder: join(own, "names"), program }),
    clock: systemClock,
    logger: silentLogger,
  };
}

describeWithLab("the network of a host", () => {
  test("is what was told, stays so whatever is done to it, outlives the daemon, and goes with it", async () => {
    using spaces = new Namespaces();
    const folder = mkdtempSync(join(tmpdir(), "skep-network-"));
    const world = await raise(spaces, [NET]);
    const [host1, host2] = world.hosts;
    if (host1 === undefined || host2 === undefined) throw new Error("no hosts");
    const outside = spaces.addHost("outside", spaces.switchName, "192.0.2.9/24");
    const [a, b] = [nameOf(world, "a"), nameOf(world, "b")];
    const before = inside(host1.name, [
      "sh",
      "-c",
      "iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER; iptables -S",
    ]);
    await using serverA = await Server.start(a, "a", 80);
    await using _b = await Server.start(b, "b", 80);
    const told = new Told();
    const options = { ...optionsFor(folder, host1), logger: told.logger() };
    const gateway = gatewayOf(NET, HOST1.nodeId);

    const holds = async (): Promise<void> => {
      expect(await lookup(a, gateway, "web")).toEqual([VIP]);
      expect(await answersTo(a, { host: VIP, port: 80 })).toEqual({ "b 10.250.1.5": 1 });
      const answers = await answersTo(outside, { host: HOST1.address, port: 8080 });
      expect(answers).toEqual({ [`b ${gateway}`]: 1 });
      const local = await answersTo(host1.name, { host: "127.0.0.1", port: 8080 });
      expect(local).toEqual({ [`b ${gateway}`]: 1 });
    };

    {
      await using other = new Running(optionsFor(folder, host2));
      await other.network.want(toldTo(HOST2.nodeId, [NET], [PORT]));
      await using running = new Running(options);
      const { network } = running;
      await network.want(toldTo(HOST1.nodeId, [NET], [PORT]));
      const given = await network.prepare(TASK_A, NO_NAMES, FOREVER);
      expect(readFileSync(given.resolvConf, "utf8")).toBe(
        `nameserver ${gateway}\noptions ndots:1 timeout:1 attempts:2\n`,
      );
      expect(given.attachments).toMatchObject([{ bridges: ["skep4097"], mtu: 1450, name: "net1" }]);
      await network.programmed("a" as TaskId, serverA.pid, FOREVER);
      await settles(holds);

      expect(told.changes).toEqual([]);
      for (const [space, what, harm] of [
        [
          host1.name,
          "ingress",
          "iptables -F DOCKER-USER; iptables -P FORWARD DROP; iptables -A FORWARD -i skep4097 -o skep4097 -j ACCEPT; iptables -A FORWARD -i skep4097 -j ACCEPT",
        ],
        [host1.name, "ingress", "nft flush ruleset"],
        [host1.name, "overlay", "ip link delete skep4097"],
        [host1.name, "overlay", "ip link delete skvx4097"],
        [host1.name, "ingress", "nft delete table ip skep"],
        [host1.name, "overlay", "ip address flush dev skep4097"],
        [host1.name, "overlay", "ip route delete 10.250.1.0/24"],
        [a, "virtual addresses", "nft flush ruleset"],
        [a, "virtual addresses", "nft delete table ip skep_vip"],
      ] as const) {
        told.changes.length = 0;
        const harmedMs = performance.now();
        inside(space, ["sh", "-c", harm]);
        await settles(holds);
        // It is told once all that belongs together is looked at.
        const { changes } = told;
        await expect.poll(() => changes, { message: harm, timeout: MEND_LIMIT_MS }).toContain(what);
        expect(performance.now() - harmedMs, harm).toBeLessThan(MEND_LIMIT_MS);
      }
    }
    // No daemon any more: what is in the kernel stays, and names are answered.
    await holds();
    inside(host1.name, [
      "sh",
      "-c",
      "nft flush ruleset; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER",
    ]);
    {
      await using running = new Running(options);
      await running.network.settled(FOREVER);
      await settles(holds);
      const changed = { ...NET, services: [serviceOf("web", VIP, ["10.250.1.5"])] };
      await running.network.want(toldTo(HOST1.nodeId, [changed], [PORT]));
      await running.network.settled(FOREVER);
      expect(await answersTo(a, { host: VIP, port: 80 })).toEqual({ "a 10.250.1.5": 1 });
    }
    inside(host1.name, ["sh", "-c", "nft add table ip mine"]);
    await new HostNetwork(options).leave();
    expect(inside(host1.name, ["nft", "list", "tables"])).not.toContain("skep");
    expect(inside(host1.name, ["nft", "list", "tables"])).toContain("mine");
    expect(inside(host1.name, ["ip", "-brief", "link"])).not.toMatch(/skep|skvx/);
    expect(inside(host1.name, ["iptables", "-S"])).toBe(before);
    expect(await lookup(host1.name, "127.0.0.1", "web")).toBe("ECONNREFUSED");
    await new HostNetwork(optionsFor(folder, host2)).leave();
    rmSync(folder, { recursive: true });
  });

  test("what it changes itself is not told as a change from outside", async () => {
    using spaces = new Namespaces();
    const folder = mkdtempSync(join(tmpdir(), "skep-network-"));
    const { hosts } = await raise(spaces, [NET]);
    const [host1] = hosts;
    if (host1 === undefined) throw new Error("no hosts");
    inside(host1.name, ["sh", "-c", "iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER"]);
    const told = new Told();
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const options = { ...optionsFor(folder, host1), clock, logger: told.logger() };
    {
      await using running = new Running(options);
      const { network } = running;
      await network.want(toldTo(HOST1.nodeId, [{ ...NET, kind: "overlay" }]));
      await network.settled(FOREVER);
      // The time for a look has come, and all that it looks at is new.
      aheadMs = 60_000;
      await network.want(toldTo(HOST1.nodeId, [NET], [PORT]));
      await network.settled(FOREVER);
      aheadMs = 120_000;
      await network.want(toldTo(HOST1.nodeId, [NET], []));
      await network.settled(FOREVER);
      expect(told.changes).toEqual([]);
    }
    await new HostNetwork(options).leave();
    rmSync(folder, { recursive: true });
  });

  test("whatever it is told, it says when that is in the kernel", async () => {
    using spaces = new Namespaces();
    const folder = mkdtempSync(join(tmpdir(), "skep-network-"));
    const { hosts } = await raise(spaces, [NET]);
    const [host1] = hosts;
    if (host1 === undefined) throw new Error("no hosts");
    const options = optionsFor(folder, host1);
    {
      await using running = new Running(options);
      const { network } = running;
      for (let publishedPort = 8000; publishedPort < 8020; publishedPort++) {
        const port = { ...PORT, publishedPort };
        await new Promise<void>((resolve, reject) => {
          network.want(toldTo(HOST1.nodeId, [NET], [port]), resolve).catch(reject);
        });
        const ports = inside(host1.name, ["nft", "list", "map", "ip", "skep", "ports"]);
        expect(ports).toContain(`tcp . ${publishedPort} :`);
      }
    }
    await new HostNetwork(options).leave();
    rmSync(folder, { recursive: true });
  });
});
