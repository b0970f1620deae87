import { describe, expect, test } from "vitest";

import type { InterfaceAddress } from "./advertise.js";
import type { MemberAddresses } from "./member-file.js";
import {
  type AddressWishes,
  type DaemonAddresses,
  managerHost,
  resettleAddresses,
  settleAddresses,
} from "./settle.js";

function on(interfaceName: string, address: string): InterfaceAddress {
  return { interfaceName, address, family: "IPv4", internal: interfaceName === "lo" };
}

const LO = on("lo", "127.0.0.1");
const ETH0 = on("eth0", "192.0.2.2");
const ETH1 = on("eth1", "198.51.100.7");
const HOST = [LO, ETH0];
const ANYWHERE = { host: "0.0.0.0", port: 2377 };
const PLAIN: DaemonAddresses = { listen: ANYWHERE, advertise: undefined };
const DOCKERS_DEFAULT = "0.0.0.0:2377";

describe("at the entry", () => {
  const lab: DaemonAddresses = { listen: { host: "192.0.2.2", port: 4000 }, advertise: "eth1" };
  test.each<[string, AddressWishes, DaemonAddresses, Partial<MemberAddresses>]>([
    ["nothing said: seen by others", {}, PLAIN, { listen: ANYWHERE }],
    [
      "the command line counts where the request says nothing of its own",
      { ListenAddr: DOCKERS_DEFAULT, AdvertiseAddr: "", DataPathAddr: "" },
      lab,
      { listen: lab.listen, advertise: { host: "198.51.100.7", port: 4000 } },
    ],
    [
      "the request counts before the command line",
      { ListenAddr: "eth0:5000", AdvertiseAddr: "203.0.113.9", DataPathAddr: "eth1" },
      lab,
      {
        listen: { host: "192.0.2.2", port: 5000 },
        advertise: { host: "203.0.113.9", port: 5000 },
        dataPath: "198.51.100.7",
      },
    ],
  ])("%s", (_case, wishes, daemon, expected) => {
    const { daemon: _remembered, ...settled } = settleAddresses(wishes, daemon, [...HOST, ETH1]);
    expect(settled).toEqual(expected);
  });

  test.each([
    [{ ListenAddr: "nowhere:2377" }, 'invalid listen address "nowhere:2377"'],
    [{ AdvertiseAddr: "0.0.0.0" }, "advertise address must be a non-zero IP address"],
    [{ AdvertiseAddr: "eth7" }, 'invalid advertise address "eth7"'],
    [{ DataPathAddr: "0.0.0.0" }, "data path address must be a non-zero IP address"],
    [{ DataPathAddr: "192.0.2.2:4789" }, "(without a port number)"],
    [{ DataPathAddr: "eth7" }, "data path address must be"],
  ])("%j is refused", (wishes, words) => {
    expect(() => settleAddresses(wishes, PLAIN, HOST)).toThrow(words);
  });
});

describe("after a restart", () => {
  const entered = (wishes: AddressWishes, daemon = PLAIN): MemberAddresses =>
    settleAddresses(wishes, daemon, HOST);
  const listening = (host: string, port = 2377): DaemonAddresses => ({
    listen: { host, port },
    advertise: undefined,
  });
  const moved = { host: "198.51.100.7", port: 2377 };

  test.each<[string, MemberAddresses, DaemonAddresses, Partial<MemberAddresses>]>([
    [
      "what the request said stands against a command line that says what it said then",
      entered({ ListenAddr: "eth0:5000", AdvertiseAddr: "203.0.113.9" }, listening("127.0.0.1", 0)),
      listening("127.0.0.1", 0),
      {
        listen: { host: "192.0.2.2", port: 5000 },
        advertise: { host: "203.0.113.9", port: 5000 },
      },
    ],
    [
      "another place to listen is meant",
      entered({ ListenAddr: "eth0:5000" }),
      listening("198.51.100.7"),
      { listen: moved },
    ],
    [
      "what others are told follows the port that it had from there, not the place",
      entered({ AdvertiseAddr: "203.0.113.9" }),
      listening("198.51.100.7", 4000),
      {
        listen: { host: "198.51.100.7", port: 4000 },
        advertise: { host: "203.0.113.9", port: 4000 },
      },
    ],
    [
      "a port of its own stays",
      entered({ AdvertiseAddr: "203.0.113.9:80" }),
      listening("198.51.100.7", 4000),
      {
        listen: { host: "198.51.100.7", port: 4000 },
        advertise: { host: "203.0.113.9", port: 80 },
      },
    ],
    [
      "something else to tell others is meant",
      entered({ AdvertiseAddr: "203.0.113.9" }),
      { listen: ANYWHERE, advertise: "198.51.100.7" },
      { listen: ANYWHERE, advertise: moved },
    ],
    [
      "so is nothing any more",
      entered({}, { listen: ANYWHERE, advertise: "203.0.113.9" }),
      PLAIN,
      { listen: ANYWHERE },
    ],
  ])("%s", (_case, before, daemon, expected) => {
    const after = resettleAddresses(before, daemon, [LO, ETH1]);
    const { daemon: _remembered, ...settled } = after;
    expect(settled).toEqual(expected);
    expect(resettleAddresses(after, daemon, [LO, ETH1])).toEqual(after);
  });
});

describe("what a manager tells the others", () => {
  test.each([
    ["what the user said", { listen: ANYWHERE, advertise: { host: "x", port: 1 } }, HOST, "x"],
    ["where it listens", { listen: { host: "192.0.2.9", port: 1 } }, [LO], "192.0.2.9"],
    ["its only address", { listen: ANYWHERE }, HOST, "192.0.2.2"],
    [
      "what it found before",
      { listen: ANYWHERE, found: "192.0.2.2" },
      [...HOST, ETH1],
      "192.0.2.2",
    ],
    ["its new address", { listen: ANYWHERE, found: "192.0.2.2" }, [LO, ETH1], "198.51.100.7"],
    [
      "what it found before, where it cannot choose",
      { listen: ANYWHERE, found: "203.0.113.9" },
      [...HOST, ETH1],
      "203.0.113.9",
    ],
  ])("%s", (_case, settled, addresses, expected) => {
    expect(managerHost(settled, addresses)).toBe(expected);
  });

  test("it does not begin where it cannot choose", () => {
    expect(() => managerHost({ listen: ANYWHERE }, [...HOST, ETH1])).toThrow("could not choose");
  });
});
