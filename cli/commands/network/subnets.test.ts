import { expect, test } from "vitest";

import { subnetsFrom } from "./subnets.js";

test("each gateway, range and reserved address goes to the subnet that it lies in", () => {
  const flags = {
    subnet: ["10.1.0.0/24", "fd00::/64"],
    gateway: ["fd00::1", "10.1.0.9"],
    "ip-range": ["10.1.0.128/25"],
    "aux-address": ["router=10.1.0.2", "printer=10.1.0.3"],
  };
  expect(subnetsFrom(flags)).toEqual([
    {
      Subnet: "10.1.0.0/24",
      Gateway: "10.1.0.9",
      IPRange: "10.1.0.128/25",
      AuxiliaryAddresses: { router: "10.1.0.2", printer: "10.1.0.3" },
    },
    { Subnet: "fd00::/64", Gateway: "fd00::1" },
  ]);
});

test.each([
  [{ subnet: ["10.1.0.0"] }, "invalid subnet 10.1.0.0: invalid CIDR address"],
  [{ gateway: ["10.1.0.1"] }, "no matching subnet for gateway 10.1.0.1"],
  [{ subnet: ["10.1.0.0/24"], "ip-range": ["10.2.0.0/25"] }, "no matching subnet for range"],
  [
    { subnet: ["10.1.0.0/24"], gateway: ["10.1.0.1", "10.1.0.2"] },
    "cannot take gateway 10.1.0.2: 10.1.0.0/24 has one already",
  ],
  [{ subnet: ["10.1.0.0/24"], "aux-address": ["x"] }, "IP address is not correctly formatted: "],
])("%j is refused", (flags, words) => {
  expect(() => subnetsFrom(flags)).toThrow(words);
});
