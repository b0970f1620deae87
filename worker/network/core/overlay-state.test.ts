import fc from "fast-check";
import { expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import { HOSTS, macOf, type TestNetwork, toldTo } from "../../../test/network/two-hosts.js";
import { changeOverlay, overlayMtu, type OverlayState, wantedOverlay } from "./overlay-state.js";

const NOTHING: OverlayState = {
  bridges: new Map(),
  tunnels: new Map(),
  forwarding: new Map(),
  neighbours: new Map(),
  strays: [],
};
const UNDERLAY_MTU = 1500;

function networkOf(vni: number, hosts: readonly NodeId[]): TestNetwork {
  const net = `10.250.${vni % 256}`;
  const tasks = hosts.map((nodeId, i) => ({
    taskId: `task${i}` as TestNetwork["tasks"][number]["taskId"],
    nodeId,
    address: `${net}.${i + 2}`,
  }));
  return { name: `net${vni}`, vni, kind: "overlay", net, tasks };
}

function stateOf(networks: readonly TestNetwork[]): OverlayState {
  return wantedOverlay(toldTo(HOSTS[0].nodeId, networks), UNDERLAY_MTU);
}

test("only what is elsewhere has entries: tasks of other nodes and their gateways", () => {
  const { forwarding, neighbours } = stateOf([networkOf(4097, [HOSTS[0].nodeId, HOSTS[1].nodeId])]);
  expect([...forwarding.keys(), ...neighbours.keys()]).toEqual(["skvx4097", "skvx4097"]);
  expect([...(forwarding.get("skvx4097") ?? [])]).toEqual([
    [macOf("10.250.1.252"), "192.0.2.2"],
    [macOf("10.250.1.3"), "192.0.2.2"],
  ]);
  expect([...(neighbours.get("skvx4097") ?? [])]).toEqual([
    ["10.250.1.252", macOf("10.250.1.252")],
    ["10.250.1.3", macOf("10.250.1.3")],
  ]);
});

test.each([
  [{}, "192.0.2.1", 1500, 1450],
  [{}, "2001:db8::1", 1500, 1430],
  [{}, "192.0.2.1", 9001, 8951],
  [{ mtu: 1400 }, "192.0.2.1", 9001, 1400],
  [{ mtu: 9000 }, "192.0.2.1", 1500, 1450],
])("a network with %o over %s with %i has an MTU of %i", (network, address, underlayMtu, mtu) => {
  expect(overlayMtu(network, { underlay: { address, port: 4789 } }, underlayMtu)).toBe(mtu);
});

test("a device that differs in what it was made with is made anew, with its entries", () => {
  const wanted = stateOf([networkOf(4097, [HOSTS[1].nodeId])]);
  const [name, tunnel] = [...wanted.tunnels][0] ?? ["", undefined];
  const present = {
    ...wanted,
    tunnels: new Map(tunnel && [[name, { ...tunnel, local: "192.0.2.7" }]]),
  };
  const { links, forwarding, neighbours } = changeOverlay(present, wanted);
  expect(links).toEqual([
    "link delete skvx4097",
    "link add skvx4097 type vxlan id 4097 dstport 4789 local 192.0.2.1 nolearning proxy",
    'link set skvx4097 alias "skep network id-of-net4097"',
    "link set skvx4097 mtu 1450",
    "link set skvx4097 master skep4097",
    "link set skvx4097 up",
  ]);
  expect([forwarding.length, neighbours.length]).toEqual([2, 2]);
});

test("what is not ours stays, whatever it is called", () => {
  const wanted = stateOf([networkOf(4097, [])]);
  const foreign = [...wanted.bridges.values()].map(
    (link) => ["skep9", { ...link, alias: "" }] as const,
  );
  const present = { ...wanted, bridges: new Map([...wanted.bridges, ...foreign]) };
  expect(changeOverlay(present, wanted).links).toEqual([]);
  expect(changeOverlay(present, NOTHING).links).toEqual([
    "link delete skvx4097",
    "link delete skep4097",
  ]);
});

const arbitraryState = fc
  .uniqueArray(
    fc.record({
      vni: fc.integer({ min: 4096, max: 4100 }),
      hosts: fc.array(fc.constantFrom(...HOSTS.map(({ nodeId }) => nodeId)), { maxLength: 4 }),
    }),
    { selector: ({ vni }) => vni },
  )
  .map((networks) => stateOf(networks.map(({ vni, hosts }) => networkOf(vni, hosts))));

test("entries go from any state to any other by what differs alone", () => {
  fc.assert(
    fc.property(arbitraryState, arbitraryState, (before, after) => {
      const change = changeOverlay(before, after);
      // A device that goes takes its entries along; one that comes has none.
      const entries = new Map(
        [...after.tunnels.keys()].map((name) => [name, new Map(before.forwarding.get(name))]),
      );
      for (const line of change.forwarding) {
        const [, verb, mac = "", , device = "", , host = ""] = line.split(" ");
        const on = entries.get(device);
        expect(on?.get(mac) === host).toBe(verb === "del");
        if (verb === "del") on?.delete(mac);
        else on?.set(mac, host);
      }
      expect(entries).toEqual(after.forwarding);
      expect(changeOverlay(after, after)).toEqual({ links: [], forwarding: [], neighbours: [] });
    }),
  );
});
