/** Joining as it goes wrong, and what a host may do in its swarm once it is in. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";

import { describe, expect, test } from "vitest";

import { settles } from "./eventually.js";
import { join, managerAddress, nodesOf, swarmOf, workerToken } from "./nodes.js";
import { SkepdProcess } from "./skepd-process.js";
import { taskCommands } from "./task-processes.js";

/** A refusal should come while the user still looks at the screen. */
const REFUSED_WITHIN_MS = 5_000;

const manager = (): Promise<SkepdProcess> =>
  SkepdProcess.init({ engine: "process", hostname: "host-a" });
const host = (): Promise<SkepdProcess> =>
  SkepdProcess.start({ engine: "process", hostname: "host-b" });

/** Listens on loopback until disposed of. */
async function listening(server: Server): Promise<AsyncDisposable & { address: string }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
      await Promise.resolve();
    },
  };
}

describe("at a wrong address", () => {
  test("the address and what is there are named, and soon; the host is as it was", async () => {
    await using there = await manager();
    await using joiner = await host();
    await using web = await listening(createHttpServer((_, response) => response.end("hello")));
    await using mute = await listening(createServer(() => undefined));
    const token = await workerToken(there);
    for (const [address, words] of [
      ["127.0.0.1:1", "connection refused: nobody listens there"],
      [web.address, "it does not speak TLS 1.3, so it is no manager"],
      [mute.address, "no answer within 3000 ms"],
    ] as const) {
      const beganMs = performance.now();
      const { code, stderr } = await joiner.docker.run([
        ...["swarm", "join", "--token", token, address],
      ]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `Error response from daemon: cannot join through ${address}: ${words}\n`,
      });
      expect(performance.now() - beganMs).toBeLessThan(REFUSED_WITHIN_MS);
    }
    expect((await swarmOf(joiner)).LocalNodeState).toBe("inactive");
    expect(await nodesOf(there)).toEqual(["Leader host-a Ready"]);
    await join(joiner, there);
    expect(await nodesOf(there)).toEqual(["Leader host-a Ready", "host-b Ready"]);
  });

  test("one of several that answers is enough; where none does, each is named", async () => {
    await using there = await manager();
    await using joiner = await host();
    const body = { ListenAddr: "0.0.0.0:2377", JoinToken: await workerToken(there) };
    const joinThrough = (...RemoteAddrs: string[]): ReturnType<typeof joiner.call> =>
      joiner.call({ method: "POST", path: "/swarm/join", body: { ...body, RemoteAddrs } });
    const nowhere = await joinThrough("127.0.0.1:1", "127.0.0.1:2");
    const refused = "connection refused: nobody listens there";
    expect([nowhere.status, nowhere.json]).toEqual([
      503,
      {
        message: `cannot join through 127.0.0.1:1: ${refused}; cannot join through 127.0.0.1:2: ${refused}`,
      },
    ]);
    const joined = await joinThrough("127.0.0.1:1", await managerAddress(there));
    expect([joined.status, joined.text]).toEqual([200, ""]);
    expect(await nodesOf(there)).toEqual(["Leader host-a Ready", "host-b Ready"]);
  });
});

describe("with a wrong token", () => {
  test("what is wrong with it is said, by the host itself in plain words", async () => {
    await using there = await manager();
    await using other = await SkepdProcess.init({ engine: "process" });
    await using joiner = await host();
    const token = await workerToken(there);
    const foreign = await workerToken(other);
    const address = await managerAddress(there);
    for (const [wrong, words] of [
      ["nonsense", "invalid join token: it must begin with SWMTKN-1-"],
      [token.slice(0, 40), /^invalid join token: it must have the form/],
      [token.slice(0, -3), /^invalid join token: its secret has 22 characters and not 25/],
      [foreign, `the manager at ${address} is of another cluster than the join token`],
      [
        `${token.slice(0, -25)}${"0".repeat(25)}`,
        "the join token is of this cluster, but not a present one: it was rotated, or not copied right",
      ],
    ] as const) {
      const { stderr } = await joiner.docker.run(["swarm", "join", "--token", wrong, address]);
      const said = stderr.trim().replace(/^Error response from daemon: /, "");
      if (typeof words === "string") expect(said).toContain(words);
      else expect(said).toMatch(words);
      expect(said).not.toContain(wrong);
    }
    expect(await nodesOf(there)).toEqual(["Leader host-a Ready"]);
  });
});

test("of many joins at once one is carried out, and the cluster has one node more", async () => {
  await using there = await manager();
  await using joiner = await host();
  const command = ["swarm", "join", "--token", await workerToken(there)];
  command.push(await managerAddress(there));
  const results = await Promise.all(Array.from({ length: 4 }, () => joiner.skep.run(command)));
  expect(results.filter(({ code }) => code === 0)).toHaveLength(1);
  for (const { code, stderr } of results) {
    if (code !== 0) expect(stderr).toContain("This node is already part of a swarm");
  }
  expect(await nodesOf(there)).toEqual(["Leader host-a Ready", "host-b Ready"]);
});

describe("availability", () => {
  test.each(["drain", "pause"])("a host that joins with %s gets nothing", async (availability) => {
    await using there = await manager();
    await using joiner = await host();
    await join(joiner, there, "--availability", availability);
    const shown = ["node", "inspect", "--format", "{{.Spec.Availability}}", "host-b"];
    expect(await there.docker.output(shown)).toBe(availability);
    const create = ["service", "create", "--detach", "--name", "web", "--replicas", "3"];
    await there.skep.output([...create, "none", "sleep", "10000"]);
    await settles(async () => {
      expect(await taskCommands(there.dataDir)).toHaveLength(3);
    });
    expect(await taskCommands(joiner.dataDir)).toEqual([]);
    // It is of use once it is told to be.
    await there.docker.output(["node", "update", "--availability", "active", "host-b"]);
    await there.skep.output(["service", "scale", "--detach", "web=6"]);
    await settles(async () => {
      expect(await taskCommands(joiner.dataDir)).toHaveLength(3);
    });
  });
});

describe("a worker", () => {
  test("is asked for the cluster's state in vain, in Docker's words, and names who can answer", async () => {
    await using there = await manager();
    await using joiner = await host();
    await join(joiner, there);
    const refusal =
      "Error response from daemon: This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
      "Please run this command on a manager node or promote the current node to a manager. " +
      `The managers are at ${await managerAddress(there)}.`;
    for (const command of [
      ["node", "ls"],
      ["node", "rm", "host-a"],
      ["node", "update", "--availability", "drain", "host-b"],
      ["node", "promote", "host-b"],
      ["service", "ls"],
      ["service", "create", "--detach", "--no-resolve-image", "none"],
      ["service", "rm", "web"],
      ["swarm", "join-token", "worker"],
      ["swarm", "update", "--task-history-limit", "3"],
      ["swarm", "ca"],
    ]) {
      for (const program of [joiner.docker, joiner.skep]) {
        const { code, stdout, stderr } = await program.run(command);
        expect({ command, code, stdout }).toEqual({ command, code: 1, stdout: "" });
        expect(stderr.trim()).toBe(refusal);
      }
    }
  });

  test("says in docker info what it is, where its managers are, and no more", async () => {
    await using there = await manager();
    await using joiner = await host();
    await join(joiner, there);
    const { NodeID: id } = await swarmOf(joiner);
    const page = await joiner.docker.output(["info"]);
    expect(page).toContain(
      [
        " Swarm: active",
        `  NodeID: ${id}`,
        "  Is Manager: false",
        "  Node Address: 127.0.0.1",
        "  Manager Addresses:",
        `   ${await managerAddress(there)}`,
        "",
      ].join("\n"),
    );
    const own = await there.docker.output(["info"]);
    expect(own).toContain("  Is Manager: true\n");
    expect(own).toContain("  Managers: 1\n  Nodes: 2\n");
  });
});
