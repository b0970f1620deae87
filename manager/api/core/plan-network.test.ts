import { expect, test } from "vitest";

import type { NetworkId } from "../../../shared/model/ids.js";
import type { HostPlace } from "./host-address.js";
import { makeNetwork } from "./plan-network.js";

const HOSTS: readonly HostPlace[] = [
  { hostname: "host1", address: "10.244.0.7" },
  { hostname: "host2", route: "10.240.0.0/14" },
  { hostname: "host2", route: "192.168.0.0/16" },
];

function subnetOf(hosts: readonly HostPlace[], Subnet?: string): string | undefined {
  const [subnet] = makeNetwork({
    id: "net" as NetworkId,
    atMs: 0,
    request: { Name: "net", ...(Subnet !== undefined && { IPAM: { Config: [{ Subnet }] } }) },
    cluster: undefined,
    others: [],
    hosts,
    turn: 0,
  }).subnets;
  return subnet?.cidr;
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

test("pools that lie in a host's route have nothing, and the host and the route are named", () => {
  expect(() => subnetOf([{ hostname: "host3", route: "10.0.0.0/8" }])).toThrow(
    "are in use, by networks or by hosts (node host3 has a route to 10.0.0.0/8); name one",
  );
});
