import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as packets from "dns-packet";
import { afterEach, beforeEach, expect, test } from "vitest";

import { systemClock } from "../../shared/ports/system-clock.js";
import type { NameState } from "./core/dns-state.js";
import { LengthPrefixed, withLength } from "./dns-forward.js";
import { DnsServer } from "./dns-server.js";

/** All of 127.0.0.0/8 is this machine's own: the gateway, the asker and the resolver are apart. */
const GATEWAY = "127.0.77.1";
const ASKER = "127.0.77.5";
const RESOLVER = "127.0.77.53";

let folder = "";
let port = 0;
let server: DnsServer;
let resolver = createSocket("udp4");

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "skep-dns-"));
  writeFileSync(join(folder, "resolv.conf"), `search lan\nnameserver ${RESOLVER}\n`);
  port = await freePort();
  resolver = createSocket("udp4");
  resolver.bind(port, RESOLVER);
  await once(resolver, "listening");
  server = new DnsServer({
    port,
    resolverPort: port,
    hostResolversPath: join(folder, "resolv.conf"),
    clock: systemClock,
  });
});

afterEach(() => {
  server.close();
  resolver.close();
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, GATEWAY);
  await once(socket, "listening");
  const free = socket.address().port;
  socket.close();
  return free;
}

function stateOf(
  names: NameState["networks"][number]["names"],
  namespace: "programmed" | "bare" = "programmed",
): NameState {
  return {
    listen: [GATEWAY],
    networks: [{ networkId: "n", name: "net", names, pointers: [["10.0.0.2", "web.net"]] }],
    askers: [{ addresses: [ASKER], networkIds: ["n"], namespace, resolvers: [] }],
  };
}

function question(
  name: string,
  type: packets.RecordType = "A",
  additionals: packets.Answer[] = [],
): Buffer {
  const flags = packets.RECURSION_DESIRED;
  return packets.encode({ type: "query", id: 7, flags, questions: [{ name, type }], additionals });
}

/** Asked until there is an answer: the server may not listen yet. */
async function ask(
  name: string,
  type: packets.RecordType = "A",
  additionals: packets.Answer[] = [],
): Promise<packets.DecodedPacket> {
  const socket = createSocket("udp4");
  socket.bind(0, ASKER);
  const send = (): void => socket.send(question(name, type, additionals), port, GATEWAY);
  const again = setInterval(send, 200);
  send();
  const [answer] = (await once(socket, "message")) as [Buffer];
  clearInterval(again);
  socket.close();
  return packets.decode(answer);
}

async function askOverTcp(name: string): Promise<packets.DecodedPacket> {
  const socket = connect({ port, host: GATEWAY, localAddress: ASKER });
  const answer = new Promise<Buffer>((resolve) => {
    const messages = new LengthPrefixed(resolve);
    socket.on("data", (chunk) => messages.push(chunk));
  });
  socket.write(withLength(question(name)));
  const packet = packets.decode(await answer);
  socket.destroy();
  return packet;
}

function dataOf({ answers = [] }: packets.DecodedPacket): unknown[] {
  return answers.map((answer) => ("data" in answer ? answer.data : undefined));
}

test("answers with nothing that may be kept", async () => {
  server.update(stateOf([["web", ["10.0.0.2"]]]));
  const { answers, rcode } = (await ask("web")) as packets.DecodedPacket & { rcode: string };
  expect(answers).toMatchObject([{ name: "web", type: "A", ttl: 0, data: "10.0.0.2" }]);
  expect(rcode).toBe("NOERROR");
  expect(dataOf(await ask("2.0.0.10.in-addr.arpa", "PTR"))).toEqual(["web.net"]);
  const ipv6 = (await ask("web", "AAAA")) as packets.DecodedPacket & { rcode: string };
  expect([ipv6.rcode, ipv6.answers]).toEqual(["NOERROR", []]);
});

test("answers by the state that it was given last", async () => {
  server.update(stateOf([["web", ["10.0.0.2"]]]));
  expect(dataOf(await ask("web"))).toEqual(["10.0.0.2"]);
  server.update(stateOf([["web", ["10.0.0.3"]]]));
  expect(dataOf(await ask("web"))).toEqual(["10.0.0.3"]);
});

const addressesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `10.0.1.${i}`);

test("thirty addresses fit into the smallest datagram", async () => {
  const [thirty, name] = [addressesOf(30), "tasks.frontend"];
  server.update(stateOf([[name, thirty]]));
  const whole = await ask(name);
  expect([whole.flag_tc, dataOf(whole).sort()]).toEqual([false, thirty.sort()]);
});

test("of what does not fit into a datagram there is a part, and all of it over TCP", async () => {
  const many = addressesOf(200);
  server.update(stateOf([["many", many]]));
  const part = await ask("many");
  expect([part.flag_tc, dataOf(part).length]).toEqual([true, 30]);
  expect(many).toEqual(expect.arrayContaining(dataOf(part)));
  expect(dataOf(await askOverTcp("many"))).toHaveLength(200);
});

test.each([
  [100, 29],
  [1_232, 74],
  [4_096, 74],
])("a client that takes %i bytes is sent %i addresses at most", async (udpPayloadSize, count) => {
  server.update(stateOf([["many", addressesOf(200)]]));
  const answer = await ask("many", "A", [
    {
      type: "OPT",
      name: ".",
      udpPayloadSize,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ]);
  expect(dataOf(answer)).toHaveLength(count);
  expect(answer.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1_232 }]);
});

test("addresses of IPv6 are told to who asks for them", async () => {
  server.update(stateOf([["web", ["10.0.0.2", "fd00::2"]]]));
  expect(dataOf(await ask("web", "AAAA"))).toEqual(["fd00::2"]);
  expect(dataOf(await ask("web", "A"))).toEqual(["10.0.0.2"]);
});

test("a question that comes too early is answered once its asker is ready", async () => {
  server.update(stateOf([["web", ["10.0.0.2"]]], "bare"));
  const asked = ask("web");
  setTimeout(() => server.update(stateOf([["web", ["10.0.0.2"]]])), 300);
  expect(dataOf(await asked)).toEqual(["10.0.0.2"]);
});

test("other names are the host's resolvers' to answer", async () => {
  resolver.on("message", (message, from) => {
    const { id, questions } = packets.decode(message);
    const [{ name } = { name: "" }] = questions ?? [];
    const answer: packets.Answer = { name, type: "A", ttl: 60, data: "192.0.2.7" };
    const packet = packets.encode({ type: "response", id: id ?? 0, questions, answers: [answer] });
    resolver.send(packet, from.port, from.address);
  });
  server.update(stateOf([]));
  expect((await ask("example.org")).answers).toMatchObject([{ ttl: 60, data: "192.0.2.7" }]);
});

test("a resolver that is not there is a failure at once", async () => {
  writeFileSync(join(folder, "resolv.conf"), "nameserver 127.0.77.99\n");
  server.update(stateOf([]));
  const answer = (await ask("example.org")) as packets.DecodedPacket & { rcode: string };
  expect(answer.rcode).toBe("SERVFAIL");
});

test("what is no question is let be", async () => {
  server.update(stateOf([["web", ["10.0.0.2"]]]));
  const socket = createSocket("udp4");
  for (const rubbish of [
    Buffer.alloc(0),
    Buffer.from("?"),
    Buffer.alloc(12, 0xff),
    Buffer.alloc(600, 1),
  ]) {
    socket.send(rubbish, port, GATEWAY);
  }
  expect(dataOf(await ask("web"))).toEqual(["10.0.0.2"]);
  socket.close();
});
