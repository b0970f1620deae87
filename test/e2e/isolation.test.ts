// Who is on one network of a cluster reaches nobody on another, whatever routes he or somebody beside the
// hosts makes, and though nothing but us keeps the host from passing on: its own firewall is wide open.
import { expect, test } from "vitest";

import type { TaskId } from "../../shared/model/ids.js";
import { IngressKeeper } from "../../worker/network/ingress.js";
import { OverlayKeeper } from "../../worker/network/overlay.js";
import { inside, Namespaces } from "../network/namespaces.js";
import { answersTo, Server } from "../network/talk.js";
import { gatewayOf, HOSTS, type TestNetwork, toldTo, withIpv6 } from "../network/two-hosts.js";
import { nameOf, publishPort, raise, type World } from "../network/world.js";
import { describeWithLab } from "../setup/requirements.js";

const [HOST1, HOST2] = HOSTS;
const PORT = 8080;

const INGRESS: TestNetwork = {
  name: "ingress",
  vni: 4096,
  kind: "ingress",
  net: "10.250.0",
  tasks: [
    { taskId: "in1" as TaskId, nodeId: HOST1.nodeId, address: "10.250.0.5" },
    { taskId: "in2" as TaskId, nodeId: HOST2.nodeId, address: "10.250.0.6" },
  ],
};
const FRONT: TestNetwork = {
  name: "front",
  vni: 4097,
  kind: "overlay",
  net: "10.250.1",
  tasks: [
    { taskId: "a1" as TaskId, nodeId: HOST1.nodeId, address: "10.250.1.5" },
    { taskId: "a2" as TaskId, nodeId: HOST2.nodeId, address: "10.250.1.6" },
  ],
};
const BACK: TestNetwork = {
  name: "back",
  vni: 4098,
  kind: "overlay",
  net: "10.250.2",
  tasks: [
    { taskId: "b1" as TaskId, nodeId: HOST1.nodeId, address: "10.250.2.5" },
    { taskId: "b2" as TaskId, nodeId: HOST2.nodeId, address: "10.250.2.6" },
  ],
};
const NETWORKS = [INGRESS, FRONT, BACK];
const OTHERS = [INGRESS, BACK];
const TARGETS = OTHERS.flatMap(({ tasks }) => tasks);
const SILENCE = { timeout: 1 };

/** From now on the namespace counts what it gets. */
function count(namespace: string): void {
  const hook = "type filter hook input priority 0;";
  inside(namespace, ["nft", "-f", "-"], `table ip seen {\nchain heard {\n${hook}\ncounter\n}\n}\n`);
}

function counted(namespace: string): string {
  const listed = inside(namespace, ["nft", "list", "table", "ip", "seen"]);
  return /counter packets (\d+)/.exec(listed)?.[1] ?? "";
}

async function openPort(world: World): Promise<void> {
  const backends = INGRESS.tasks.map(({ address, nodeId }) => ({ address, nodeId }));
  await publishPort(world, NETWORKS, { publishedPort: PORT, backends });
}

async function knocks(from: string): Promise<void> {
  const tries = TARGETS.flatMap(({ address: host }) =>
    (["tcp", "udp"] as const).map((protocol) => answersTo(from, { host, port: 80, protocol })),
  );
  for (const answers of await Promise.all(tries)) expect(answers).toEqual(SILENCE);
}

describeWithLab("who is on another network", () => {
  test("is not reached: by the way out, by any host's gateway, nor from beside the hosts", async () => {
    using spaces = new Namespaces();
    const world = await raise(spaces, NETWORKS);
    await openPort(world);
    const a1 = nameOf(world, "a1");
    await using _in1 = await Server.start(nameOf(world, "in1"), "in1", 80);
    await using _in2 = await Server.start(nameOf(world, "in2"), "in2", 80);
    await using _a2 = await Server.start(nameOf(world, "a2"), "a2", 80);
    const targets = TARGETS.map(({ taskId }) => nameOf(world, taskId));
    for (const target of targets) count(target);

    await knocks(a1);
    for (const { nodeId } of HOSTS) {
      for (const { net } of OTHERS) {
        inside(a1, ["ip", "route", "replace", `${net}.0/24`, "via", gatewayOf(FRONT, nodeId)]);
      }
      await knocks(a1);
    }
    const outside = spaces.addHost("outside", spaces.switchName, "192.0.2.9/24");
    for (const { address } of HOSTS) {
      inside(outside, ["ip", "route", "replace", "10.250.0.0/16", "via", address]);
      await knocks(outside);
    }
    expect(targets.map(counted)).toEqual(targets.map(() => "0"));

    // What is meant to pass, does: one's own network, published ports, and the way out.
    expect(await answersTo(a1, { host: "10.250.1.6", port: 80 })).toEqual({ "a2 10.250.1.5": 1 });
    const published = await answersTo(a1, { host: HOST1.address, port: PORT }, 10);
    expect(Object.values(published)).toEqual([5, 5]);
    await using _out = await Server.start(outside, "outside", 80);
    inside(outside, ["ip", "route", "flush", "root", "10.250.0.0/16"]);
    inside(outside, ["ip", "route", "add", "10.250.1.0/24", "via", HOST1.address]);
    expect(await answersTo(a1, { host: "192.0.2.9", port: 80 })).toEqual({
      "outside 10.250.1.5": 1,
    });
  });

  test("is not reached by IPv6 either, and their own network is", async () => {
    using spaces = new Namespaces();
    const world = await raise(spaces, NETWORKS);
    const [{ kernel, name, nodeId }] = world.hosts as [World["hosts"][number]];
    const told = withIpv6(toldTo(nodeId, NETWORKS));
    await new OverlayKeeper(kernel).apply(told);
    inside(name, ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"]);
    const keeper = new IngressKeeper(kernel, nodeId);
    await keeper.apply(told);
    for (const [taskId, address, gateway] of [
      ["a1", "fd00:1::5/64", "fd00:1::1"],
      ["b1", "fd00:2::5/64", "fd00:2::1"],
    ] as const) {
      const namespace = nameOf(world, taskId);
      inside(namespace, ["ip", "address", "add", address, "dev", "eth0", "nodad"]);
      inside(namespace, ["ip", "route", "add", "default", "via", gateway]);
    }
    const a1 = nameOf(world, "a1");
    // Nobody listens there, and it takes somebody to say so.
    expect(await answersTo(a1, { host: "fd00:1::1", port: 9 })).toEqual({ ECONNREFUSED: 1 });
    expect(await answersTo(a1, { host: "fd00:2::5", port: 9 })).toEqual(SILENCE);
    await keeper.apply(toldTo(nodeId, NETWORKS));
    expect(await answersTo(a1, { host: "fd00:2::5", port: 9 })).toEqual({ ECONNREFUSED: 1 });
    keeper.rest();
  });

  test("what somebody else changes of that is put right", async () => {
    using spaces = new Namespaces();
    const { hosts } = await raise(spaces, NETWORKS);
    const { kernel, name, nodeId } = hosts[0]!;
    const keeper = new IngressKeeper(kernel, nodeId);
    const told = toldTo(nodeId, NETWORKS);
    await keeper.apply(told);
    expect(await keeper.mend(told)).toEqual([]);
    for (const harm of ["flush chain ip skep forward", "flush set ip skep overlays"]) {
      inside(name, ["nft", harm]);
      expect(await keeper.mend(told), harm).not.toEqual([]);
      expect(await keeper.mend(told), harm).toEqual([]);
    }
    keeper.rest();
  });
});
