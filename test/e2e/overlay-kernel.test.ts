import { expect, test } from "vitest";

import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import { Kernel } from "../../worker/network/kernel.js";
import { OverlayKeeper } from "../../worker/network/overlay.js";
import { VirtualAddressKeeper } from "../../worker/network/virtual-addresses.js";
import { inside, Namespaces, PATH } from "../network/namespaces.js";
import { answersTo, Server } from "../network/talk.js";
import {
  gatewayOf,
  HOSTS,
  macOf,
  serviceOf,
  type TestNetwork,
  type TestTask,
  toldTo,
  withIpv6,
} from "../network/two-hosts.js";
import { nameOf, publishPort, raise, type World } from "../network/world.js";
import { describeWithLab } from "../setup/requirements.js";

const [HOST1, HOST2] = HOSTS;
const VIP = "10.250.1.2";

const TASKS: readonly TestTask[] = [
  { taskId: "a" as TaskId, nodeId: HOST1.nodeId, address: "10.250.1.5" },
  { taskId: "b" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.6" },
  { taskId: "c" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.7" },
];
const NET: TestNetwork = {
  name: "net1",
  vni: 4097,
  kind: "ingress",
  net: "10.250.1",
  tasks: TASKS,
  services: [serviceOf("web", VIP, ["10.250.1.6", "10.250.1.7"])],
};
const OTHER: TestNetwork = { name: "net2", vni: 4098, kind: "overlay", net: "10.250.2", tasks: [] };

/** What the first host hears while the service has these backends. */
function told(backends: readonly string[]): NodeNetworks {
  const network = { ...NET, services: [serviceOf("web", VIP, backends)] };
  return toldTo(HOST1.nodeId, [network]);
}

function kernelOf({ hosts }: World): Kernel {
  return hosts[0]?.kernel ?? new Kernel({ path: PATH });
}

describeWithLab("in the kernel", () => {
  test("tasks of one network reach each other across hosts, and the other hosts' gateways", async () => {
    using spaces = new Namespaces();
    const world = await raise(spaces, [NET, OTHER]);
    const targets = [
      ...TASKS.map(({ address }) => address),
      ...HOSTS.map(({ nodeId }) => gatewayOf(NET, nodeId)),
    ];
    for (const from of ["a", "b", "c"]) {
      for (const host of targets) {
        // Nobody listens there, and it takes somebody to say so.
        const answers = await answersTo(nameOf(world, from), { host, port: 9 });
        expect(answers, `${from} to ${host}`).toEqual({ ECONNREFUSED: 1 });
      }
    }
  });

  test("a network that went and came back has all its devices and entries again", async () => {
    using spaces = new Namespaces();
    const { hosts } = await raise(spaces, [NET, OTHER]);
    const [{ nodeId, kernel }] = hosts as [(typeof hosts)[number]];
    const keeper = new OverlayKeeper(kernel);
    for (const networks of [[NET, OTHER], [OTHER], [NET, OTHER], [NET], [NET, OTHER]]) {
      const told = toldTo(nodeId, networks);
      await keeper.apply(told);
      expect(await new OverlayKeeper(kernel).mend(told)).toEqual([]);
    }
  });

  test("a second time changes nothing, and what is changed from outside is put right", async () => {
    using spaces = new Namespaces();
    const { hosts } = await raise(spaces, [NET, OTHER]);
    const [
      { name, nodeId, kernel } = {
        name: "",
        nodeId: HOST1.nodeId,
        kernel: new Kernel({ path: PATH }),
      },
    ] = hosts;
    const keeper = new OverlayKeeper(kernel);
    const told = toldTo(nodeId, [NET, OTHER]);
    expect(await keeper.mend(told)).toEqual([]);
    for (const harm of [
      ["ip", "link", "delete", "skep4097"],
      ["ip", "link", "delete", "skvx4098"],
      ["ip", "link", "set", "skvx4097", "nomaster"],
      ["ip", "link", "set", "skep4098", "down"],
      ["ip", "link", "set", "skep4097", "address", "02:00:00:00:00:01"],
      ["ip", "address", "flush", "dev", "skep4097"],
      ["ip", "route", "delete", "10.250.1.0/24", "dev", "skep4097"],
      ["bridge", "fdb", "del", macOf("10.250.1.6"), "dev", "skvx4097", "dst", HOST2.address],
      ["ip", "neighbour", "del", "10.250.1.6", "dev", "skvx4097"],
      [
        "bridge",
        "fdb",
        "replace",
        macOf("10.250.1.6"),
        "dev",
        "skvx4097",
        "dst",
        "192.0.2.9",
        "self",
        "static",
      ],
    ]) {
      inside(name, harm);
      expect(await keeper.mend(told), harm.join(" ")).not.toEqual([]);
      expect(await keeper.mend(told), `after ${harm.join(" ")}`).toEqual([]);
    }
    await keeper.apply(toldTo(nodeId, [OTHER]));
    expect(inside(name, ["ip", "-brief", "link"])).not.toContain("4097");
    inside(name, ["ip", "link", "add", "skep777", "type", "bridge"]);
    await keeper.remove();
    expect(inside(name, ["ip", "-brief", "link"])).not.toMatch(/409\d/);
    expect(inside(name, ["ip", "-brief", "link"])).toContain("skep777");
  });

  test("what is changed of IPv6 is put right, too", async () => {
    using spaces = new Namespaces();
    const { hosts } = await raise(spaces, [NET, OTHER]);
    const { kernel, name, nodeId } = hosts[0]!;
    const keeper = new OverlayKeeper(kernel);
    const told = withIpv6(toldTo(nodeId, [NET, OTHER]));
    await keeper.apply(told);
    expect(await keeper.mend(told)).toEqual([]);
    for (const harm of ["route delete fd00:1::/64", "address delete fd00:1::1/64"]) {
      inside(name, ["ip", "-6", ...harm.split(" "), "dev", "skep4098"]);
      expect(await keeper.mend(told), harm).not.toEqual([]);
      expect(await keeper.mend(told), `after ${harm}`).toEqual([]);
    }
    await keeper.apply(toldTo(nodeId, [NET, OTHER]));
    expect(inside(name, ["ip", "-6", "route"])).not.toContain("fd00:");
  });

  test("a virtual address leads to each backend alike and keeps the source", async () => {
    using spaces = new Namespaces();
    const world = await raise(spaces, [NET]);
    const a = nameOf(world, "a");
    await using own = await Server.start(a, "a", 80);
    await using _b = await Server.start(nameOf(world, "b"), "b", 80);
    await using _c = await Server.start(nameOf(world, "c"), "c", 80);
    const failures: unknown[] = [];
    const keeper = new VirtualAddressKeeper(kernelOf(world), (_task, cause) =>
      failures.push(cause),
    );
    keeper.add("a" as TaskId, own.pid);
    expect([...(await keeper.apply(told(["10.250.1.6", "10.250.1.7"])))]).toEqual(["a"]);
    const answers = await answersTo(a, { host: VIP, port: 80 }, 400);
    expect(Object.keys(answers).sort()).toEqual(["b 10.250.1.5", "c 10.250.1.5"]);
    // Each is a fair coin, thrown 400 times: seven standard deviations.
    for (const count of Object.values(answers)) expect(count).toBeGreaterThan(130);
    const datagrams = await answersTo(a, { host: VIP, port: 80, protocol: "udp" }, 50);
    expect(Object.keys(datagrams).sort()).toEqual(["b 10.250.1.5", "c 10.250.1.5"]);

    await keeper.apply(told(["10.250.1.7"]));
    await keeper.follow();
    expect(await answersTo(a, { host: VIP, port: 80 }, 20)).toEqual({ "c 10.250.1.5": 20 });
    await keeper.apply(told(["10.250.1.5"]));
    await keeper.follow();
    const itself = await answersTo(a, { host: VIP, port: 80 });
    expect(itself).toEqual({ "a 10.250.1.5": 1 });
    await keeper.apply(told([]));
    await keeper.follow();
    expect(await answersTo(a, { host: VIP, port: 80 }, 2)).toEqual({ ECONNREFUSED: 2 });

    inside(a, ["nft", "flush", "ruleset"]);
    const wanted = told(["10.250.1.6", "10.250.1.7"]);
    expect(await keeper.mend(wanted, ["a" as TaskId])).toEqual([
      { taskId: "a", repairs: ["add table ip skep_vip"] },
    ]);
    expect(await keeper.mend(wanted, ["a" as TaskId])).toEqual([{ taskId: "a", repairs: [] }]);
    expect(failures).toEqual([]);
    keeper.rest();
  });

  test("every host answers on a published port, evenly, from outside and on its loopback", async () => {
    using spaces = new Namespaces();
    const world = await raise(spaces, [NET]);
    const backends = TASKS.slice(1).map(({ address, nodeId }) => ({ address, nodeId }));
    await publishPort(world, [NET], { publishedPort: 8080, backends });
    await using _b = await Server.start(nameOf(world, "b"), "b", 80);
    await using _c = await Server.start(nameOf(world, "c"), "c", 80);
    const outside = spaces.addHost("outside", world.spaces.switchName, "192.0.2.9/24");
    for (const { name, nodeId } of world.hosts) {
      const gateway = gatewayOf(NET, nodeId);
      const host = HOSTS.find((one) => one.nodeId === nodeId)?.address ?? "";
      for (const [from, to] of [
        [outside, host],
        [name, host],
        [name, "127.0.0.1"],
      ] as const) {
        const answers = await answersTo(from, { host: to, port: 8080 }, 100);
        expect(answers, `${from} to ${to}`).toEqual({ [`b ${gateway}`]: 50, [`c ${gateway}`]: 50 });
      }
    }
  });
});
