import { describe, expect, test } from "vitest";

import { formatHostPort } from "../shared/rpc/host-port.js";
import {
  chooseAdvertiseHost,
  completeRemoteAddress,
  type InterfaceAddress,
  ownDoor,
  parseAddress,
  parseAdvertiseAddress,
} from "./advertise.js";

const lo: InterfaceAddress = {
  interfaceName: "lo",
  address: "127.0.0.1",
  family: "IPv4",
  internal: true,
};
const eth0: InterfaceAddress = {
  interfaceName: "eth0",
  address: "192.0.2.2",
  family: "IPv4",
  internal: false,
};
const eth0v6: InterfaceAddress = {
  interfaceName: "eth0",
  address: "fd00::2",
  family: "IPv6",
  internal: false,
};
const eth1: InterfaceAddress = {
  interfaceName: "eth1",
  address: "198.51.100.7",
  family: "IPv4",
  internal: false,
};
const docker0: InterfaceAddress = {
  interfaceName: "docker0",
  address: "172.17.0.1",
  family: "IPv4",
  internal: false,
};

describe("the address that others are told", () => {
  test.each([
    ["the only one that leads out", [lo, eth0, eth0v6], "192.0.2.2"],
    ["an engine's bridge does not lead out", [lo, eth0, docker0], "192.0.2.2"],
    ["loopback, where nothing leads out", [lo, docker0], "127.0.0.1"],
  ])("%s", (_, addresses, expected) => {
    expect(chooseAdvertiseHost(addresses)).toBe(expected);
  });

  test("two to choose from are refused, and named", () => {
    expect(() => chooseAdvertiseHost([lo, eth0, eth1])).toThrow(
      "could not choose an IP address to advertise since this system has multiple addresses on different interfaces " +
        "(192.0.2.2 on eth0 and 198.51.100.7 on eth1)",
    );
  });
});

describe("an address as the user writes it", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1:2377"],
    ["10.0.0.1:4000", "10.0.0.1:4000"],
    ["eth0", "192.0.2.2:2377"],
    ["eth0:4000", "192.0.2.2:4000"],
    ["[fd00::9]:4000", "[fd00::9]:4000"],
    ["[fd00::9]", "[fd00::9]:2377"],
  ])("%s is %s", (text, expected) => {
    expect(formatHostPort(parseAddress("advertise address", text, [lo, eth0v6, eth0]))).toBe(
      expected,
    );
  });

  test.each([
    ["10.0.0.1", "10.0.0.1:4789"],
    ["[fd00::9]", "[fd00::9]:4789"],
    ["fd00::9", "[fd00::9]:4789"],
    ["eth0:2377", "192.0.2.2:2377"],
  ])("%s is %s where another port is usual", (text, expected) => {
    const parsed = parseAddress("advertise address", text, [lo, eth0], 4789);
    expect(formatHostPort(parsed)).toBe(expected);
  });

  test("a manager's address is kept with its port: it is dialled again after a restart", () => {
    expect(completeRemoteAddress("10.0.0.1")).toBe("10.0.0.1:2377");
    expect(completeRemoteAddress("fd00::9")).toBe("[fd00::9]:2377");
    expect(() => completeRemoteAddress("manager.example")).toThrow(
      'invalid remote address "manager.example"',
    );
  });

  test.each(["0.0.0.0", "::", "[::]:4000", "0:0::0", "0.0.0.0:4000"])(
    "%s tells nobody where this host is",
    (text) => {
      expect(() => parseAdvertiseAddress(text, [lo, eth0], 2377)).toThrow("non-zero IP address");
    },
  );

  test.each([
    ["0.0.0.0", "127.0.0.1:4000"],
    ["::", "[::1]:4000"],
    ["192.0.2.2", "192.0.2.2:4000"],
    ["::1", "[::1]:4000"],
  ])("a host that listens on %s finds itself at %s", (host, door) => {
    expect(formatHostPort(ownDoor({ host, port: 4000 }))).toBe(door);
  });

  test.each(["", "nowhere", "10.0.0.1:99999", "a:b:c"])("%j is refused by name", (text) => {
    expect(() => parseAddress("listen address", text, [lo, eth0])).toThrow(
      `invalid listen address "${text}"`,
    );
  });
});
