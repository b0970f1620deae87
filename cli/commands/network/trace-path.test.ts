import { expect, test } from "vitest";

import { findTarget, type TracedNetwork, wayTo } from "./trace-path.js";
import { backendsIn } from "./trace-probe.js";

function task(name: string, address: string, Host: string): object {
  return { Name: name, EndpointID: name, EndpointIP: address, Info: { Host, State: "running" } };
}

const FRONT = {
  name: "front",
  vni: 4_097,
  services: {
    web: {
      VIP: "10.240.1.2",
      Tasks: [task("web.1.a", "10.240.1.5", "host1"), task("web.2.b", "10.240.1.6", "host2")],
    },
    db: { VIP: "", Tasks: [task("db.1.c", "10.240.1.7", "host3")] },
  },
  peers: [{ Name: "host2", IP: "192.0.2.2" }],
} as unknown as TracedNetwork;

test.each([
  ["web", "10.240.1.2 is the virtual address of service web on front", 2],
  ["WEB.front", "10.240.1.2 is the virtual address of service web on front", 2],
  ["10.240.1.2", "10.240.1.2 is the virtual address of service web on front", 2],
  ["tasks.web", "tasks.web is each task of service web on front", 2],
  ["db", "db is each task of service db on front", 1],
  ["web.2.b", "web.2.b is task web.2.b on front", 1],
  ["10.240.1.7", "10.240.1.7 is task db.1.c on front", 1],
])("%s: %s", (host, meaning, count) => {
  const target = findTarget(host, [FRONT]);
  expect([target?.meaning, target?.stops.length]).toEqual([meaning, count]);
});

test("of a network with IPv6: addresses of the family that is meant", () => {
  const services = {
    web: {
      VIP: "10.240.1.2 fd00::2",
      Tasks: [task("web.1.a", "10.240.1.5 fd00::5", "host1")],
    },
  };
  const dual = { ...FRONT, services } as unknown as TracedNetwork;
  for (const [host, vip, address] of [
    ["web", "10.240.1.2", "10.240.1.5"],
    ["fd00::2", "fd00::2", "fd00::5"],
    ["fd00::5", undefined, "fd00::5"],
    ["tasks.web", undefined, "10.240.1.5"],
  ] as const) {
    const target = findTarget(host, [dual]);
    expect([target?.vip, target?.stops[0]?.address], host).toEqual([vip, address]);
  }
});

test("a name that no network knows is none of ours", () => {
  expect(findTarget("example.org", [FRONT])).toBeUndefined();
});

test("the way: over the bridge, and over the VXLAN device to other hosts", () => {
  const [here, there] = findTarget("web", [FRONT])!.stops;
  const [nowhere] = findTarget("db", [FRONT])!.stops;
  expect(wayTo(here!, "host1", FRONT)).toBe("same host, over the bridge skep4097");
  expect(wayTo(there!, "host1", FRONT)).toBe(
    "host2 (192.0.2.2), over the bridge skep4097 and the VXLAN device skvx4097 (VNI 4097)",
  );
  expect(wayTo(nowhere!, "host1", FRONT)).toBe(
    "host3 is no peer on this network: nothing leads there",
  );
});

test("where the kernel leads a virtual address, as nft lists it", () => {
  const elements = (vip: string, backends: readonly string[]): unknown[] =>
    backends.map((backend, at) => [{ concat: [vip, at] }, backend]);
  const verdict = ["10.240.1.2", { goto: { target: "n2" } }];
  const listing = {
    nftables: [
      { metainfo: {} },
      { map: { name: "services", elem: [verdict] } },
      { map: { name: "m2", elem: elements("10.240.1.2", ["10.240.1.5", "10.240.1.6"]) } },
      { map: { name: "m1", elem: elements("10.240.1.9", ["10.240.1.7"]) } },
      { set: { name: "refused", elem: ["10.240.1.8"] } },
    ],
  };
  expect(backendsIn(listing, "10.240.1.2")).toEqual(["10.240.1.5", "10.240.1.6"]);
  expect(backendsIn(listing, "10.240.1.8")).toEqual([]);
  expect(backendsIn(listing, "10.240.1.1")).toBeUndefined();
});
