/**
 * What is wrong with a request is said within a second, in Docker's words, and nothing is created.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ManualClock } from "../../shared/ports/manual-clock.js";
import { callApi, openRaw } from "../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
  await api.create("taken");
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const MIB = 1024 * 1024;

describe("a request that is none", () => {
  test.each<[string, string, Record<string, string>, string, number, string | RegExp]>([
    [
      "truncated JSON",
      "/services/create",
      { "content-type": "application/json" },
      '{"Name":"x"',
      400,
      /^invalid JSON: /,
    ],
    [
      "blank JSON",
      "/services/create",
      { "content-type": "application/json" },
      "  \n",
      400,
      "invalid JSON: got EOF while reading request body",
    ],
    [
      "two values",
      "/services/create",
      { "content-type": "application/json" },
      "{} {}",
      400,
      /^invalid JSON: /,
    ],
    [
      "no JSON",
      "/services/create",
      { "content-type": "text/plain" },
      "Name=x",
      400,
      "unsupported Content-Type header (text/plain): must be 'application/json'",
    ],
    [
      "no type",
      "/services/create",
      {},
      "{}",
      400,
      "malformed Content-Type header (): mime: no media type",
    ],
    ["nothing", "/services/create", {}, "", 400, "mismatched Runtime and *Spec fields"],
    [
      "a list",
      "/services/create",
      { "content-type": "application/json" },
      "[]",
      400,
      "invalid request: expected an object, got a list",
    ],
    [
      "an abyss",
      "/services/create",
      { "content-type": "application/json" },
      `{"Name":"x","X":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      400,
      "invalid JSON: nested more than 200 levels deep",
    ],
    [
      "no address to listen on",
      "/swarm/init",
      { "content-type": "application/json" },
      "{}",
      400,
      'invalid ListenAddr "": invalid empty address',
    ],
    ["a path of nobody", "/services/a/b/c/d", {}, "", 404, "page not found"],
  ])("%s", async (_what, path, headers, body, status, message) => {
    const before = api.store.committed.sequence;
    const raw = openRaw(api.socketPath);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await raw.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\n${lines.join("")}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await raw.closed;
    expect(statusOf(answer)).toBe(status);
    const told = messageOf(answer);
    if (typeof message === "string") expect(told).toBe(message);
    else expect(told).toMatch(message);
    expect(api.store.committed.sequence).toBe(before);
  });

  test.each<[string, string, number, string]>([
    [
      "unknown filter",
      "/services?filters=%7B%22colour%22%3A%5B%22x%22%5D%7D",
      400,
      "Invalid filter 'colour'",
    ],
    ["no filter", "/tasks?filters=%7B", 400, "Invalid filter"],
    ["a filter of numbers", "/nodes?filters=%7B%22name%22%3A1%7D", 400, "Invalid filter"],
    [
      "unknown state",
      '/tasks?filters={"desired-state":["gone"]}',
      400,
      "Invalid desired-state filter: 'gone'",
    ],
    ["unknown role", '/nodes?filters={"role":["king"]}', 400, "Invalid role filter: 'king'"],
    ["unknown service", "/services/nobody", 404, "service nobody not found"],
    ["unknown task", "/tasks/nobody", 404, "task nobody not found"],
    ["unknown node", "/nodes/nobody", 404, "node nobody not found"],
    [
      "tasks of an unknown service",
      '/tasks?filters={"service":["nobody"]}',
      404,
      "service nobody not found",
    ],
    [
      "a version that is to come",
      "/v1.51/services",
      400,
      "client version 1.51 is too new. Maximum supported API version is 1.50",
    ],
    [
      "a version that is gone",
      "/v1.23/info",
      400,
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    ],
    ["a status that is no flag", "/services?status=maybe", 400, "invalid value for status: maybe"],
    [
      "logs",
      "/services/taken/logs?stdout=1",
      501,
      "rpc error: code = Unimplemented desc = logs of services are not available yet",
    ],
    ["a config", "/configs/x", 404, "config x not found"],
  ])("%s", async (_what, path, status, message) => {
    const answer = await callApi(api.socketPath, { path });
    expect([answer.status, answer.json]).toEqual([status, { message }]);
  });

  test("an update from no version, and from an old one", async () => {
    const spec = { Name: "taken", TaskTemplate: TASK_TEMPLATE };
    const missing = await callApi(api.socketPath, { path: "/services/taken/update", body: spec });
    expect(missing.status).toBe(400);
    expect(missing.json).toEqual({
      message: `invalid service version '': strconv.ParseUint: parsing "": invalid syntax`,
    });
    const { id, version } = api.store.committed.serviceByName("taken")!;
    const stale = await callApi(api.socketPath, {
      path: `/services/taken/update?version=${version - 1}`,
      body: { ...spec, Labels: { a: "b" } },
    });
    expect(stale.status).toBe(409);
    expect(stale.json).toEqual({
      message: `rpc error: code = Unknown desc = update out of sequence: service ${id} is at version ${version}, the update was made from ${version - 1}`,
    });
    expect(api.store.committed.serviceByName("taken")!.frame.Labels).toEqual({});
  });
});

describe("a body of 50 MB", () => {
  const MESSAGE = "request body has 52428800 bytes, the limit is 4194304";

  test("is refused by its announcement, and the connection stays fit for use", async () => {
    const raw = openRaw(api.socketPath);
    const head = `POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${50 * MIB}\r\n\r\n`;
    const startedMs = performance.now();
    await raw.write(head);
    const answer = await raw.until(/\r\n\r\n.*\}/s);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(statusOf(answer)).toBe(413);
    expect(messageOf(answer)).toBe(MESSAGE);
    const block = Buffer.alloc(MIB, " ");
    for (let i = 0; i < 50; i++) await raw.write(block);
    await raw.write("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await raw.until(/OK$/)).toContain("HTTP/1.1 200 OK");
    raw.destroy();
  });

  test("is refused where it passes the limit, if it comes in chunks", async () => {
    const raw = openRaw(api.socketPath);
    await raw.write(
      "POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = Buffer.concat([
      Buffer.from("100000\r\n"),
      Buffer.alloc(MIB, " "),
      Buffer.from("\r\n"),
    ]);
    for (let i = 0; i < 5; i++) await raw.write(chunk);
    expect(statusOf(await raw.until(/\r\n\r\n.*\}/s))).toBe(413);
    for (let i = 0; i < 45; i++) await raw.write(chunk);
    await raw.write("0\r\n\r\nGET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    await raw.until(/OK$/);
    raw.destroy();
  });
});

describe("a socket that stalls", () => {
  test("in its body is cut off, and holds nobody", async () => {
    const clock = new ManualClock();
    await using stalled = await ApiFixture.start({ clock });
    const raw = openRaw(stalled.socketPath);
    await raw.write(
      'POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"Name"',
    );
    for (let i = 0; i < 3; i++) {
      expect((await callApi(stalled.socketPath, { path: "/_ping" })).status).toBe(200);
    }
    expect(clock.pending).toBe(1);
    await clock.advance(10_000);
    const answer = await raw.until(/\}/);
    expect(statusOf(answer)).toBe(408);
    expect(messageOf(answer)).toBe("no whole request within 10000 ms");
    await raw.closed;
    expect(stalled.store.committed.services()).toEqual([]);
  });

  test("that never says anything holds nobody, either", async () => {
    const silent = Array.from({ length: 200 }, () => openRaw(api.socketPath));
    expect((await callApi(api.socketPath, { path: "/_ping" })).status).toBe(200);
    silent.forEach((raw) => {
      raw.destroy();
    });
  });

  test("in what is thrown away is cut off after a while", async () => {
    const clock = new ManualClock();
    await using stalled = await ApiFixture.start({ clock });
    const raw = openRaw(stalled.socketPath);
    await raw.write(
      `POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${50 * MIB}\r\n\r\n`,
    );
    expect(statusOf(await raw.until(/\}/))).toBe(413);
    await clock.advance(5_000);
    await raw.closed;
  });
});

describe("what is no HTTP", () => {
  test.each<[string, string, number]>([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 400],
    [
      "two lengths",
      "POST /services/create HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      400,
    ],
    [
      "a body that ends too early",
      'POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"Na',
      400,
    ],
    ["a head without end", `GET / HTTP/1.1\r\nX: ${"x".repeat(300 * 1024)}`, 431],
  ])("%s", async (_what, bytes, status) => {
    const raw = openRaw(api.socketPath);
    // A head that is too long is answered before all of it is taken.
    void raw.write(bytes);
    raw.end();
    const answer = await raw.closed;
    expect(statusOf(answer)).toBe(status);
    expect((await callApi(api.socketPath, { path: "/_ping" })).status).toBe(200);
  });
});

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

function messageOf(answer: string): string {
  const body = /\{.*\}/s.exec(answer)?.[0] ?? "{}";
  return (JSON.parse(body) as { message: string }).message;
}
