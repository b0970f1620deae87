import { expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import type { IngressPort } from "../../../shared/model/node-networks.js";
import { HOSTS, type TestNetwork, toldTo } from "../../../test/network/two-hosts.js";
import { hostTable, lostPortBackends } from "./ingress-rules.js";

const [HOST1, HOST2] = HOSTS;
const INGRESS: TestNetwork = {
  name: "ingress",
  vni: 4096,
  kind: "ingress",
  net: "10.240.0",
  tasks: [],
};
const ON_1 = { address: "10.240.0.5", nodeId: HOST1.nodeId };
const ON_2 = { address: "10.240.0.6", nodeId: HOST2.nodeId };

function portOf(change: Partial<IngressPort>): IngressPort {
  const backends = [ON_2, ON_1];
  return {
    protocol: "tcp",
    publishedPort: 80,
    targetPort: 8080,
    spread: "cluster",
    backends,
    ...change,
  };
}

function rulesOf(nodeId: NodeId, port: IngressPort): readonly string[] | undefined {
  const { chains } = hostTable(toldTo(nodeId, [INGRESS], [port]), nodeId);
  return chains.get(`${port.protocol}_${port.publishedPort}`)?.rules;
}

test.each([
  [
    "goes round all its tasks",
    {},
    "meta l4proto tcp dnat to numgen inc mod 2 map { 0 : 10.240.0.5, 1 : 10.240.0.6 } : 8080",
  ],
  [
    "leads straight to the only one",
    { backends: [ON_2] },
    "meta l4proto tcp dnat to 10.240.0.6 : 8080",
  ],
  [
    "uses this node's own where that is asked for",
    { spread: "local" },
    "meta l4proto tcp dnat to 10.240.0.5 : 8080",
  ],
  [
    "uses the others' where this node has none",
    { spread: "local", backends: [ON_2] },
    "meta l4proto tcp dnat to 10.240.0.6 : 8080",
  ],
] as const)("a published port %s", (_what, change, rule) => {
  expect(rulesOf(HOST1.nodeId, portOf(change))).toEqual([rule]);
});

test("a port that nobody serves is left to the host", () => {
  const told = toldTo(HOST1.nodeId, [INGRESS], [portOf({ backends: [] })]);
  const { chains, sets } = hostTable(told, HOST1.nodeId);
  expect(chains.has("tcp_80")).toBe(false);
  expect(sets.get("ports")?.elements.size).toBe(0);
});

test.each([
  [HOST1.nodeId, [ON_1, ON_2], ["80"]],
  [HOST2.nodeId, [ON_1], []],
] as const)(
  "on %s, only where its own tasks serve is the client kept",
  (nodeId, backends, kept) => {
    const told = toldTo(nodeId, [INGRESS], [portOf({ spread: "local", backends })]);
    const { sets } = hostTable(told, nodeId);
    expect([...(sets.get("kept_tcp")?.elements.keys() ?? [])]).toEqual(kept);
    expect(sets.get("kept_udp")?.elements.size).toBe(0);
  },
);

test("connections are forgotten of UDP alone, and of backends that went", () => {
  const before = [portOf({}), portOf({ protocol: "udp" })];
  const after = [portOf({ backends: [] }), portOf({ protocol: "udp", backends: [ON_1] })];
  expect(lostPortBackends(before, after)).toEqual([{ publishedPort: 80, backend: "10.240.0.6" }]);
  expect(lostPortBackends(after, before)).toEqual([]);
});

test.each([
  [["10.240.1.0/24"], "open", []],
  [["fd00::/64"], "open", []],
  [["10.240.1.0/24", "fd00::/64"], "open", []],
  [
    ["10.240.1.0/24", "10.240.2.0/24"],
    "open",
    [`ip saddr { 10.240.1.0/24, 10.240.2.0/24 } oifname != "skep4097" masquerade`],
  ],
  [["10.240.1.0/24", "10.240.2.0/24"], "closed", []],
] as const)(
  "the way out of a network with the subnets %j, %s, is seen to: %j",
  (cidrs, exit, rules) => {
    const front = { ...INGRESS, name: "front", vni: 4097, kind: "overlay" } as const;
    const told = toldTo(HOST1.nodeId, [INGRESS, front]);
    const networks = told.networks.map((network) => {
      const subnets = cidrs.map((cidr) => ({ cidr, gateway: cidr }));
      return network.vni === 4097 ? { ...network, exit, subnets } : network;
    });
    const { chains } = hostTable({ ...told, networks }, HOST1.nodeId);
    const all = chains.get("postrouting")?.rules ?? [];
    expect(all.filter((rule) => rule.includes("saddr {"))).toEqual(rules);
  },
);
