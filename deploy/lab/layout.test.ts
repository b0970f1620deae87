import { expect, test } from "vitest";

import { checkWish, hostsOf, labName } from "./layout.js";

test("hosts are numbered from 1, and nothing of one is another's", () => {
  const hosts = hostsOf("/srv/lab", 32);
  expect(hosts[0]).toMatchObject({
    name: "host1",
    address: "192.168.77.1",
    dockerSocket: "/srv/lab/host1/docker.sock",
    skepSocket: "/srv/lab/host1/skep.sock",
  });
  for (const key of Object.keys(hosts[0] ?? {}) as (keyof (typeof hosts)[number])[]) {
    expect(new Set(hosts.map((host) => host[key])).size).toBe(hosts.length);
  }
});

test("laboratories are told apart by their folders", () => {
  expect(labName("/srv/a")).toMatch(/^skep-lab-[0-9a-f]{8}$/);
  expect(labName("/srv/a")).not.toBe(labName("/srv/b"));
});

test.each([
  { dir: "/srv/lab", hosts: 1, managers: 0 },
  { dir: "/srv/lab", hosts: 32, managers: 32 },
  { dir: `/${"x".repeat(88)}`, hosts: 9, managers: 1 },
])("$hosts hosts of which $managers are managers will do", ({ dir, ...wish }) => {
  expect(() => checkWish(dir, wish)).not.toThrow();
});

test.each([
  ["/srv/lab", 0, 0, "--hosts 0: a laboratory has 1 to 32 hosts"],
  ["/srv/lab", 33, 0, "--hosts 33: a laboratory has 1 to 32 hosts"],
  ["/srv/lab", 3, 4, "--managers 4: of 3 hosts, 0 to 3 can be managers"],
  ["/run/lab", 3, 1, "/run/lab is below /run, of which every host has its own: choose another"],
  [
    `/${"x".repeat(89)}`,
    9,
    1,
    `/${"x".repeat(89)} has 90 bytes, and the sockets below it would have 108 of at most 107: choose a folder of at most 89 bytes`,
  ],
  // One more digit in the names of hosts.
  [`/${"x".repeat(88)}`, 10, 1, "choose a folder of at most 88 bytes"],
  // As the kernel counts, not as people do.
  [`/${"ü".repeat(45)}`, 1, 1, "has 91 bytes"],
])("%s, %i hosts, %i managers: %s", (dir, hosts, managers, words) => {
  expect(() => checkWish(dir, { hosts, managers })).toThrow(words);
});
