/** What stands in the way of a connection, from the real programs that may be at an address. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { type TestCluster, testCluster } from "../../test/identities.js";
import { silentLogger } from "../ports/logger.js";
import { systemClock } from "../ports/system-clock.js";
import { GET_ROOT } from "./ca-rpc.js";
import { RpcClient } from "./channel.js";
import { connectionWords } from "./connection-words.js";
import type { ClientTrust } from "./credentials.js";
import { RpcServer } from "./rpc-server.js";
import type { IdentitySource } from "./tls-identity.js";

const HOUR_MS = 3_600_000;
const UNVERIFIED: ClientTrust = { kind: "unverified" };
const closers: (() => void)[] = [];
let ours: TestCluster;

beforeAll(async () => {
  ours = await testCluster();
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<string> {
  server.on("connection", (socket: Socket) => closers.push(() => socket.destroy()));
  closers.push(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** @returns what is said of the address, without the address. */
async function trouble(address: string, trust: ClientTrust): Promise<string> {
  const client = new RpcClient({ address, trust, clock: systemClock });
  closers.push(() => client.close());
  const error: unknown = await client.call(GET_ROOT, {}).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "RemoteError", code: "unavailable" });
  const { message } = error as Error;
  expect(message.startsWith(`${address}: `)).toBe(true);
  return message.slice(address.length + 2);
}

test.each<[string, () => Server | undefined, string]>([
  ["nobody", () => undefined, "connection refused: nobody listens there"],
  [
    "a web server",
    () => createHttpServer((_request, response) => response.end("hello")),
    "it does not speak TLS 1.3, so it is no manager",
  ],
  [
    "an SSH server",
    () => createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n")),
    "it does not speak TLS 1.3, so it is no manager",
  ],
  [
    "something that hangs up",
    () => createServer((socket) => socket.destroy()),
    "it closed the connection at once",
  ],
])("%s", async (_, make, words) => {
  const server = make();
  const address = server === undefined ? "127.0.0.1:1" : await listening(server);
  expect(await trouble(address, UNVERIFIED)).toBe(words);
});

test.each([
  ["of an older TLS", { maxVersion: "TLSv1.2" }, "it does not speak TLS 1.3, so it is no manager"],
  ["of something else", {}, "it does not speak gRPC, so it is no manager"],
] as const)("a TLS server %s", async (_, options, words) => {
  const { certificatePem: cert, keyPem: key } = (await ours.certify("worker")).identity.current;
  const server = createTlsServer({ cert, key, ...options }, (socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  expect(await trouble(await listening(server), UNVERIFIED)).toBe(words);
});

describe("a manager whose certificate", () => {
  async function said(identity: IdentitySource): Promise<string> {
    const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
    closers.push(() => server.close());
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    const worker = await ours.certify("worker");
    return await trouble(`127.0.0.1:${port}`, { kind: "member", identity: worker.identity });
  }

  test("is of the future or of the past points at the clocks", async () => {
    const nowMs = systemClock.wallMs();
    const future = await ours.certify("manager", { issuedAtMs: nowMs + 3 * HOUR_MS });
    expect(await said(future.identity)).toBe(
      "its certificate is not valid yet by this host's clock: compare the clocks of both hosts",
    );
    const past = { issuedAtMs: nowMs - 9 * HOUR_MS, lifeMs: HOUR_MS };
    expect(await said((await ours.certify("manager", past)).identity)).toBe(
      "its certificate has expired by this host's clock: compare the clocks of both hosts",
    );
  });

  test("is another swarm's, or none of a manager, is not listened to", async () => {
    const other = await testCluster();
    expect(await said((await other.certify("manager")).identity)).toBe(
      "its certificate is not one of this swarm",
    );
    const { clusterId } = ours;
    expect(await said((await ours.certify("worker")).identity)).toBe(
      `the server is a worker of cluster ${clusterId}, not a manager of ${clusterId}`,
    );
  });
});

test("what is not known is said as it came", () => {
  expect(connectionWords("the moon is full")).toBe("the moon is full");
});
