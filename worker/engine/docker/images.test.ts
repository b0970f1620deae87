import { EventEmitter, once, setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { silentLogger } from "../../../shared/ports/logger.js";
import { systemClock } from "../../../shared/ports/system-clock.js";
import { reply, ScriptedEngine } from "../../../test/scripted-engine.js";
import { EngineClient } from "./engine-client.js";
import { Images, type ImageWish } from "./images.js";

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const DENIED = "pull access denied for skep/x, repository does not exist";

let engine: ScriptedEngine;
let images: Images;

beforeEach(async () => {
  engine = await ScriptedEngine.listen((_request, response) => {
    pulled(response);
  });
  images = new Images(new EngineClient(engine.socketPath, systemClock), silentLogger);
});

afterEach(() => engine.close());

function pulled(response: ServerResponse): void {
  response.writeHead(200);
  response.write('{"status":"Pulling from skep/x"}\n{"status":');
  response.end('"Status: Downloaded newer image"}\n');
}

function wish(image: string, revision = "s/1"): ImageWish {
  return { image, revision };
}

describe("an image named by tag", () => {
  test("is asked for once per revision, however many tasks want it", async () => {
    const tasks = Array.from({ length: 30 }, () => images.refresh(wish("skep/x:1"), NEVER));
    await Promise.all(tasks);
    await images.refresh(wish("skep/x:1"), NEVER);
    expect(engine.asked).toHaveLength(1);
    await images.refresh(wish("skep/x:1", "s/2"), NEVER);
    expect(engine.asked).toHaveLength(2);
  });

  test("that cannot be had is left to what the host has, and not asked for again", async () => {
    engine.answer = (_request, response) => {
      reply(response, 404, { message: DENIED });
    };
    await images.refresh(wish("skep/x:1"), NEVER);
    await images.refresh(wish("skep/x:1"), NEVER);
    expect(engine.asked).toHaveLength(1);
  });
});

test.each([
  `skep/x@sha256:${"a".repeat(64)}`,
  `skep/x:1@sha256:${"a".repeat(64)}`,
  `sha256:${"b".repeat(64)}`,
  "c".repeat(64),
])("an image that cannot change is not asked for: %s", async (image) => {
  await images.refresh(wish(image), NEVER);
  expect(engine.asked).toEqual([]);
});

test.each([
  ["skep/x", "fromImage=skep/x&tag=latest"],
  ["skep/x:1", "fromImage=skep/x&tag=1"],
  ["registry:5000/x", "fromImage=registry:5000/x&tag=latest"],
  ["registry:5000/x:2", "fromImage=registry:5000/x&tag=2"],
  ["skep/x:1@sha256:abc", "fromImage=skep/x&tag=sha256:abc"],
])("%s is fetched as %s", async (image, query) => {
  await images.fetch(wish(image), NEVER);
  expect(engine.asked).toEqual([`POST /images/create?${query}`]);
});

describe("a fetch that fails", () => {
  test("says which image, and what the registry said", async () => {
    engine.answer = (_request, response) => {
      reply(response, 404, { message: DENIED });
    };
    const fetching = images.fetch(wish("skep/x:1"), NEVER);
    await expect(fetching).rejects.toThrow(`No such image: skep/x:1 (${DENIED})`);
  });

  test("in its last line fails all the same", async () => {
    engine.answer = (_request, response) => {
      response.end('{"status":"Pulling"}\n{"error":"no space left on device"}');
    };
    const fetching = images.fetch(wish("skep/x:1"), NEVER);
    await expect(fetching).rejects.toThrow("No such image: skep/x:1 (no space left on device)");
  });

  test("because the engine went away is no missing image", async () => {
    engine.answer = (request) => {
      request.socket.destroy();
    };
    await expect(images.refresh(wish("skep/x:1"), NEVER)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("in the middle of its stream is no missing image either", async () => {
    engine.answer = (request, response) => {
      response.writeHead(200);
      response.write('{"status":"Pulling"}\n');
      setImmediate(() => request.socket.destroy());
    };
    await expect(images.refresh(wish("skep/x:1"), NEVER)).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});

test("a fetch goes on while one task wants it, and is broken off when none does", async () => {
  const engineSide = new EventEmitter();
  const begun = once(engineSide, "begun");
  const ended = once(engineSide, "ended");
  engine.answer = (request, response) => {
    response.writeHead(200);
    response.write('{"status":"Pulling"}\n');
    request.socket.once("close", () => engineSide.emit("ended"));
    engineSide.emit("begun");
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const first = images.fetch(wish("skep/x:1"), one.signal);
  const second = images.fetch(wish("skep/x:1"), two.signal);
  await begun;
  one.abort(new Error("first called off"));
  await expect(first).rejects.toThrow("first called off");
  two.abort(new Error("second called off"));
  await expect(second).rejects.toThrow("second called off");
  await ended;
  expect(engine.asked).toHaveLength(1);
});
