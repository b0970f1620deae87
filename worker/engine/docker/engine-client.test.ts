import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../../../shared/ports/system-clock.js";
import { reply, ScriptedEngine } from "../../../test/scripted-engine.js";
import { EngineUnavailableError } from "../engine-errors.js";
import { EngineAnswerError, EngineClient, EngineSilentError } from "./engine-client.js";

const NEVER = new AbortController().signal;
const PING = { method: "GET", path: "/_ping" } as const;

let engine: ScriptedEngine;
let client: EngineClient;

beforeEach(async () => {
  engine = await ScriptedEngine.listen((_request, response) => {
    reply(response, 200, { fine: true });
  });
  client = new EngineClient(engine.socketPath, systemClock);
});

afterEach(() => engine.close());

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error("it did not fail"),
    (cause: unknown) => cause as Error,
  );
}

test("asks with its query and body, and reads the answer", async () => {
  let body = "";
  engine.answer = (request, response) => {
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => reply(response, 201, { Id: "c1" }));
  };
  const request = {
    method: "POST",
    path: "/containers/create",
    query: { name: "web.1" },
    body: { Image: "x" },
  } as const;
  expect(await client.request(request, NEVER)).toEqual({ Id: "c1" });
  expect(engine.asked).toEqual(["POST /containers/create?name=web.1"]);
  expect(JSON.parse(body)).toEqual({ Image: "x" });
});

test("a request without a body sends none", async () => {
  let length = "none";
  engine.answer = (request, response) => {
    length = request.headers["content-length"] ?? "none";
    reply(response, 204, "");
  };
  await client.request({ method: "POST", path: "/containers/a/start", query: { t: 1 } }, NEVER);
  expect(length).toBe("0");
});

test("does not follow DOCKER_HOST, which may be our own socket", async () => {
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = "tcp://127.0.0.1:1";
  try {
    const another = new EngineClient(engine.socketPath, systemClock);
    expect(await another.request(PING, NEVER)).toEqual({ fine: true });
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, "DOCKER_HOST");
    else process.env["DOCKER_HOST"] = before;
  }
});

describe("what the engine refuses", () => {
  test.each([
    [404, "No such container: x"],
    [409, "Conflict. The container name is already in use"],
    [500, "driver failed programming external connectivity"],
  ])("with %i is told in its own words: %s", async (status, message) => {
    engine.answer = (_request, response) => {
      reply(response, status, { message });
    };
    const error = await failure(client.request(PING, NEVER));
    expect(error).toBeInstanceOf(EngineAnswerError);
    expect(error).toMatchObject({ message, httpStatus: status });
    const streamed = await failure(client.lines(PING, NEVER));
    expect(streamed).toMatchObject({ message, httpStatus: status });
  });

  test.each([
    [503, "anything"],
    [500, "ttrpc: closed: unknown"],
    [500, "the daemon is shutting down"],
  ])("while it is leaving (%i, %s) is no refusal", async (status, message) => {
    engine.answer = (_request, response) => {
      reply(response, status, { message });
    };
    const error = await failure(client.request(PING, NEVER));
    expect(error).toBeInstanceOf(EngineUnavailableError);
  });
});

describe("an engine that is away", () => {
  test("or was never there is named with its socket", async () => {
    const nobody = new EngineClient("/no/such.sock", systemClock);
    const error = await failure(nobody.request(PING, NEVER));
    expect(error).toBeInstanceOf(EngineUnavailableError);
    expect(error.message).toMatch(
      /cannot connect to the Docker engine at unix:\/\/\/no\/such.sock/,
    );
  });

  test("and hangs up before it answers is unavailable", async () => {
    engine.answer = (request) => {
      request.socket.destroy();
    };
    expect(await failure(client.request(PING, NEVER))).toBeInstanceOf(EngineUnavailableError);
  });

  test.each(["hangs up", "says no more"])("and %s in the middle of an answer", async (how) => {
    engine.answer = (request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("{");
      if (how === "hangs up") setImmediate(() => request.socket.destroy());
    };
    const error = await failure(client.request({ ...PING, limitMs: 200 }, NEVER));
    expect(error).toBeInstanceOf(EngineUnavailableError);
  });

  test("and never answers is given up after the limit", async () => {
    engine.answer = () => undefined;
    const error = await failure(client.request({ ...PING, limitMs: 50 }, NEVER));
    expect(error).toBeInstanceOf(EngineSilentError);
    expect(error.message).toMatch(/did not answer within 50 ms/);
  });
});

test("the caller's signal ends a request with its own reason", async () => {
  engine.answer = () => undefined;
  const off = new AbortController();
  const asking = client.request(PING, off.signal);
  off.abort(new Error("called off"));
  expect((await failure(asking)).message).toBe("called off");
  expect((await failure(client.request(PING, off.signal))).message).toBe("called off");
});

describe("a long answer", () => {
  test("has no deadline once it has begun, and ends with its signal", async () => {
    engine.answer = (_request, response) => {
      response.writeHead(200);
      response.write('{"n":1}\n{"n"');
      setTimeout(() => response.write(":2}\n"), 150);
    };
    const off = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of await client.lines({ ...PING, limitMs: 100 }, off.signal)) {
        seen.push(value);
        if (seen.length === 2) off.abort(new Error("enough"));
      }
    })();
    expect((await failure(reading)).message).toBe("enough");
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("that is broken off is told from one that ended", async () => {
    engine.answer = (request, response) => {
      response.write('{"n":1}\n');
      setImmediate(() => request.socket.destroy());
    };
    const reading = (async () => {
      for await (const value of await client.lines(PING, NEVER)) expect(value).toEqual({ n: 1 });
    })();
    expect(await failure(reading)).toBeInstanceOf(EngineUnavailableError);
    engine.answer = (_request, response) => {
      response.end('{"n":1}');
    };
    for await (const value of await client.lines(PING, NEVER)) expect(value).toEqual({ n: 1 });
  });
});

test.each([
  ["1.41", { major: 1, minor: 41 }, "/v1.41/_ping"],
  ["1.99", { major: 1, minor: 50 }, "/v1.50/_ping"],
])("an engine of API %s is spoken to in words that both know", async (api, expected, path) => {
  engine.answer = (_request, response) => {
    reply(response, 200, { ApiVersion: api });
  };
  expect(await client.negotiate(NEVER)).toEqual(expected);
  await client.request(PING, NEVER);
  expect(engine.asked.at(-1)).toBe(`GET ${path}`);
});
