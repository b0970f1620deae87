import { expect, test } from "vitest";

import type { NetworkCreateRequest } from "../../../shared/docker-api/network.js";
import type { NetworkId } from "../../../shared/model/ids.js";
import type { Network } from "../../../shared/model/network.js";
import type { HostPlace } from "./host-address.js";
import { makeNetwork } from "./plan-network.js";

const HOSTS: readonly HostPlace[] = [
  { hostname: "host1", address: "10.244.0.7" },
  { hostname: "host2", route: "10.240.0.0/14" },
  { hostname: "host2", route: "192.168.0.0/16" },
];

function made(request: NetworkCreateRequest, hosts: readonly HostPlace[]): Network {
  return makeNetwork({
    id: "net" as NetworkId,
    atMs: 0,
    request: { Name: "net", ...request },
    cluster: undefined,
    others: [],
    hosts,
    turn: 0,
  });
}

function subnetOf(hosts: readonly HostPlace[], Subnet?: string): string | undefined {
  const request = Subnet === undefined ? {} : { IPAM: { Config: [{ Subnet }] } };
  return made(request, hosts).subnets[0]?.cidr;
}

test("a subnet from the pools is one that no host is in and no host's route leads to", () => {
  expect(subnetOf([])).toBe("10.240.0.0/24");
  expect(subnetOf(HOSTS)).toBe("10.244.1.0/24");
});

test.each([
  ["192.168.3.0/24", "node host2 has a route of its own to 192.168.0.0/16"],
  ["192.0.0.0/8", "node host2 has a route of its own to 192.168.0.0/16"],
  ["10.244.0.0/24", "node host1 itself has the address 10.244.0.7 in it"],
])("%s by hand is refused: %s", (subnet, words) => {
  expect(() => subnetOf(HOSTS, subnet)).toThrow(words);
});

test.each([
  [{ IPAM: { Config: [{ Subnet: "fd00:7::/64" }] } }, ["10.240.0.0/24", "fd00:7::/64"]],
  [
    { EnableIPv6: true, IPAM: { Config: [{ Subnet: "fd00:7::/64" }, { Subnet: "10.9.0.0/24" }] } },
    ["fd00:7::/64", "10.9.0.0/24"],
  ],
])("%j has the subnets %j", (request, cidrs) => {
  expect(made(request, []).subnets.map(({ cidr }) => cidr)).toEqual(cidrs);
});

test.each([
  [{ EnableIPv6: true }, "network net is to have IPv6: name its subnet"],
  [
    { Ingress: true, IPAM: { Config: [{ Subnet: "fd00:7::/64" }] } },
    "the ingress network has no IPv6",
  ],
  [
    { IPAM: { Config: [{ Subnet: "fd00:7::/64" }, { Subnet: "fd00:8::/64" }] } },
    "network net is to have 2 subnets: with IPv6 it has one, and one of IPv4 at most",
  ],
])("%j cannot be: %s", (request, words) => {
  expect(() => made(request, [])).toThrow(words);
});

test("pools that lie in a host's route have nothing, and the host and the route are named", () => {
  expect(() => subnetOf([{ hostname: "host3", route: "10.0.0.0/8" }])).toThrow(
    "are in use, by networks or by hosts (node host3 has a route to 10.0.0.0/8); name one",
  );
});
