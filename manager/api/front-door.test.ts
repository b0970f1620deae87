/** Connections that stall, end early or come in odd ways. */
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { openRaw } from "../../test/setup/api-client.js";
import { EngineLink } from "./engine-link.js";
import { FrontDoor } from "./front-door.js";
import { PassThrough } from "./pass-through.js";

let made = 0;

function socketPath(): string {
  return join(tmpdir(), `skep-door-${process.pid}-${++made}.sock`);
}

interface Opened extends AsyncDisposable {
  readonly path: string;
}

async function openDoor(options: {
  readonly own?: ConstructorParameters<typeof FrontDoor>[0]["own"];
  readonly engineSocket?: string;
  readonly headersTimeoutMs?: number;
}): Promise<Opened> {
  const engine = new EngineLink(() => options.engineSocket, systemClock);
  const door = new FrontDoor({
    own: options.own ?? ((_request, response) => response.end("own")),
    passThrough: new PassThrough(engine, silentLogger),
    clock: systemClock,
    logger: silentLogger,
    ...(options.headersTimeoutMs === undefined
      ? {}
      : { headersTimeoutMs: options.headersTimeoutMs }),
  });
  const path = socketPath();
  await door.listen({ path });
  return { path, [Symbol.asyncDispose]: () => door.close() };
}

/** An engine that answers pings and, to all else, what the test says. */
async function openEngine(
  answer: ConstructorParameters<typeof FrontDoor>[0]["own"],
): Promise<Opened & { readonly server: Server }> {
  const server = createServer((request, response) => {
    if (request.url === "/_ping") response.setHeader("Api-Version", "1.41").end("OK");
    else answer(request, response);
  });
  const path = socketPath();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    server,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

test("a head that does not come to its end is cut off", async () => {
  await using door = await openDoor({ headersTimeoutMs: 100 });
  const raw = openRaw(door.path);
  await raw.write("GET /_ping HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  const answer = await raw.closed;
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(answer).toContain('{"message":"Request Timeout"}');
});

test("a client that has said all may close its side and still gets its answer", async () => {
  await using door = await openDoor({
    own: (_request, response) => {
      setTimeout(() => response.end("late"), 50);
    },
  });
  const raw = openRaw(door.path);
  await raw.write("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
  raw.end();
  expect(await raw.closed).toMatch(/late/);
});

test("requests that come one after the other on one connection go each its way", async () => {
  await using engine = await openEngine((request, response) =>
    response.end(`engine ${request.url ?? ""}`),
  );
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await raw.write(get("/v1.50/containers/json") + get("/v1.50/info") + get("/images/json"));
  const answers = await raw.until(/images/);
  expect(answers).toMatch(
    /engine \/v1\.41\/containers\/json[\s\S]*own[\s\S]*engine \/images\/json/,
  );
  raw.destroy();
});

test("headers of one connection stay on it; all others pass", async () => {
  await using engine = await openEngine((request, response) => {
    response.setHeader("X-Seen", JSON.stringify(request.headers));
    response.setHeader("Docker-Content-Digest", "d");
    response.end();
  });
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write(
    "POST /images/create HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Own\r\nX-Own: 1\r\nX-Registry-Auth: secret\r\nContent-Length: 0\r\n\r\n",
  );
  const answer = await raw.until(/\r\n\r\n/);
  const seen = JSON.parse(/x-seen: (.*)\r\n/i.exec(answer)?.[1] ?? "{}") as Record<string, string>;
  expect(seen).toMatchObject({
    host: "docker",
    "x-registry-auth": "secret",
    "content-length": "0",
  });
  expect(seen).not.toHaveProperty("x-own");
  expect(answer).toMatch(/docker-content-digest: d\r\n/i);
  expect(answer).toMatch(/api-version: 1\.50\r\n/i);
  raw.destroy();
});

test("a client that leaves takes its request to the engine with it", async () => {
  let left: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    left = resolve;
  });
  await using engine = await openEngine((_request, response) => {
    response.on("close", left);
    response.write("event\n");
  });
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  await raw.until(/event/);
  raw.destroy();
  await gone;
});

test("an engine that dies in the middle of an answer is not taken for one that has ended it", async () => {
  await using engine = await openEngine((_request, response) => {
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  });
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write("GET /containers/x/export HTTP/1.1\r\nHost: x\r\n\r\n");
  const answer = await raw.closed;
  expect(answer).toContain("half");
  expect(answer).not.toContain("\r\n0\r\n\r\n");
});

test("an engine that refuses an upload early is heard", async () => {
  await using engine = await openEngine((_request, response) => {
    response.writeHead(400, { "content-type": "application/json", connection: "close" });
    response.end('{"message":"no"}');
  });
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write("POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  for (let i = 0; i < 4; i++) await raw.write(Buffer.alloc(64 * 1024));
  expect(await raw.until(/"no"/)).toMatch(/^HTTP\/1\.1 400 /);
  raw.destroy();
});

test("closing ends what is attached", async () => {
  await using engine = await openEngine((_request, response) => response.end());
  engine.server.on("upgrade", (_request, socket) => {
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end()).resume();
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello");
  });
  const door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write(
    "POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
  );
  await raw.until(/hello/);
  await door[Symbol.asyncDispose]();
  await raw.closed;
});

test("either direction of an attached stream may end before the other", async () => {
  await using engine = await openEngine((_request, response) => response.end());
  engine.server.on("upgrade", (_request, socket, head) => {
    let heard = head.toString();
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.on("end", () => socket.end(`heard ${heard}`));
  });
  await using door = await openDoor({ engineSocket: engine.path });
  const raw = openRaw(door.path);
  await raw.write(
    "POST /exec/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}early ",
  );
  await raw.until(/101/);
  await raw.write("late");
  raw.end();
  expect(await raw.closed).toMatch(/heard \{\}early late$/);
});
