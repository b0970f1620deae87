import { expect, test } from "vitest";

import { statusTable } from "./present.js";
import type { HostStatus } from "./status.js";

const HOST: HostStatus = {
  name: "host1",
  address: "192.168.77.1",
  link: "up",
  cutOffFrom: [],
  runs: "yes",
  dockerd: { pid: 11, version: "20.10.24" },
  skepd: { pid: 12, version: "0.1.0" },
  node: "ready, leader",
  containers: 2,
};

test("a row for each host, in whatever state it is", () => {
  const hosts: HostStatus[] = [
    HOST,
    { ...HOST, name: "host2", cutOffFrom: ["host1", "host3"], skepd: undefined, node: undefined },
    { ...HOST, name: "host3", runs: "paused", link: "cut", containers: undefined },
    { ...HOST, name: "host4", dockerd: { pid: 13, version: undefined }, containers: undefined },
    { ...HOST, name: "host5", runs: "no", link: "off", dockerd: undefined, skepd: undefined },
  ];
  expect(statusTable(hosts)).toBe(
    `
HOST   ADDRESS       LINK                     DOCKERD            SKEPD            NODE           CONTAINERS
host1  192.168.77.1  up                       20.10.24 (pid 11)  0.1.0 (pid 12)   ready, leader  2
host2  192.168.77.1  up, not to host1, host3  20.10.24 (pid 11)  not running      ?              2
host3  192.168.77.1  cut                      paused (pid 11)    paused (pid 12)  ready, leader  ?
host4  192.168.77.1  up                       silent (pid 13)    0.1.0 (pid 12)   ready, leader  ?
host5  192.168.77.1  off                      off                off              ready, leader  2`.slice(
      1,
    ),
  );
});
