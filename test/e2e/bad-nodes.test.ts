/** What cannot be meant of nodes and swarms, said with both command lines: refused in words, and nothing is changed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { join, swarmOf } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";

type Bad = readonly [command: string, words: RegExp];

const LAST_MANAGER = /attempting to demote the last manager of the swarm/;
const BY_THE_DAEMON = /^Error response from daemon: /;

const ON_THE_MANAGER: readonly Bad[] = [
  ["node rm nope", /node nope not found/],
  ["node rm host-b", /FailedPrecondition desc = node \w{25} is not down and can't be removed/],
  [
    "node rm --force host-a",
    /node \w{25} is a cluster manager and is a member of the raft cluster/,
  ],
  ["node inspect nope", /node nope not found/],
  ["node ps nope", /node nope not found/],
  ["node update --role king host-b", /invalid Role: "king"/],
  ["node update --availability off host-b", /invalid Availability: "off"/],
  ["node demote host-a", LAST_MANAGER],
  ["node ls --filter bogus=1", /Invalid filter 'bogus'/],
  ["node ls --filter role=king", /Invalid role filter: 'king'/],
  ["swarm init", /This node is already part of a swarm/],
  ["swarm join --token x 127.0.0.1:1", /This node is already part of a swarm/],
  ["swarm leave", /Removing the last manager erases all current state of the swarm/],
  ["swarm update --cert-expiry 1s", /minimum certificate expiry time is: 1h0m0s/],
];

const OUTSIDE: readonly Bad[] = [
  ["swarm leave", /This node is not part of a swarm/],
  ["node ls", /Use "docker swarm init" or "docker swarm join" to connect this node to swarm/],
  ["swarm init --listen-addr eth77:1", /invalid listen address "eth77:1": "eth77" is neither/],
  ["swarm init --advertise-addr 0.0.0.0", /advertise address must be a non-zero IP address/],
  ["swarm init --advertise-addr eth77", /invalid advertise address "eth77"/],
  ["swarm init --data-path-addr 1.2.3.4:5", /data path address must be .*without a port number/],
  ["swarm init --data-path-port 80", /port number is not in valid range \(1024-49151\) : 80/],
  ["swarm init --default-addr-pool 10.0.0.0/26", /Subnet size is too small for pool: 24/],
  ["swarm join --token x 127.0.0.1:99999", /invalid remote address "127\.0\.0\.1:99999"/],
  ["swarm join --token x manager.example", /invalid remote address "manager\.example"/],
  ["swarm join 127.0.0.1:1", /invalid join token/],
];

describe("nodes and swarms", () => {
  let manager: SkepdProcess;
  let worker: SkepdProcess;
  let outsider: SkepdProcess;
  let before: unknown;

  beforeAll(async () => {
    manager = await SkepdProcess.init({ engine: "process", hostname: "host-a" });
    worker = await SkepdProcess.start({ engine: "process", hostname: "host-b" });
    outsider = await SkepdProcess.start({ engine: "process", hostname: "host-c" });
    await join(worker, manager);
    before = await state();
  });

  afterAll(async () => {
    for (const skepd of [outsider, worker, manager]) await skepd[Symbol.asyncDispose]();
  });

  async function state(): Promise<unknown> {
    const [nodes, swarm] = [
      (await manager.call({ path: "/nodes" })).json as readonly { readonly ID: string }[],
      (await manager.call({ path: "/swarm" })).json,
    ];
    return [nodes.toSorted((a, b) => (a.ID < b.ID ? -1 : 1)), swarm, await swarmOf(outsider)];
  }

  describe.each(["docker", "skep"] as const)("%s", (program) => {
    test.each(ON_THE_MANAGER)("%s", async (command, words) => {
      const { code, stderr } = await manager[program].run(command.split(" "));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(words);
      expect(await state()).toEqual(before);
    });

    test.each(OUTSIDE)("%s, outside of a swarm", async (command, words) => {
      const { code, stderr } = await outsider[program].run(command.split(" "));
      expect(code).not.toBe(0);
      expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(words)]);
      expect(stderr).toMatch(BY_THE_DAEMON);
      expect(await state()).toEqual(before);
    });
  });
});
