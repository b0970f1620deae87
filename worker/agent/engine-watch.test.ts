import { beforeEach, describe, expect, test } from "vitest";

import type { EngineHealth } from "../../shared/model/engine-health.js";
import type { ServiceId, TaskId } from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { SimulatedEngine } from "../../test/sim/simulated-engine.js";
import { EngineWatch } from "./engine-watch.js";

const NEVER = new AbortController().signal;
/** An act of the simulated engine and the watch's retry. */
const SOON_MS = 600;

let clock: ManualClock;
let engine: SimulatedEngine;
let watch: EngineWatch;
let stop: AbortController;
let ended: Promise<unknown>;
/** What was told of the engine, and when; `look`: everything was looked at. */
let told: string[];

beforeEach(() => {
  clock = new ManualClock();
  const faults = { lostAnswersPerMille: 0, refusalsPerMille: 0 };
  engine = new SimulatedEngine(clock, seededRandom("engine"), faults);
  told = [];
  stop = new AbortController();
  watch = new EngineWatch({
    engine,
    clock,
    logger: silentLogger,
    lookAround: async (signal) => {
      await engine.list(signal);
      told.push("look");
    },
    look: (taskId) => void told.push(`look at ${taskId}`),
    onHealth: (health) => void told.push(textOf(health)),
  });
});

function begin(): void {
  ended = watch.run(stop.signal).catch((cause: unknown) => cause);
}

function textOf(health: EngineHealth): string {
  return health.kind === "answers" ? "answers" : `away: ${health.reason}`;
}

async function running(id: string): Promise<TaskId> {
  const taskId = id as TaskId;
  const serviceId = "web" as ServiceId;
  const service = { serviceId, revision: 1, serviceName: "web", serviceLabels: {} };
  const template = { ...service, template: {} };
  const run = { taskId, serviceId, slot: 1, template, hostPorts: [] };
  const made = engine.prepare(run, NEVER).then(() => engine.start(taskId, NEVER));
  await clock.advance(200);
  await made;
  return taskId;
}

describe("an engine that is there", () => {
  test("is looked at whole once, and then wherever it says", async () => {
    begin();
    await clock.advance(SOON_MS);
    const taskId = await running("a");
    engine.end(taskId, 1);
    await clock.advance(60_000);
    expect(told).toEqual(["look", "answers", "look at a"]);
    expect(watch.health).toEqual({ kind: "answers" });
  });

  test("leaves nothing behind when the watch ends", async () => {
    begin();
    await clock.advance(SOON_MS);
    stop.abort(new Error("the daemon is stopped"));
    await clock.advance(SOON_MS);
    expect(await ended).toMatchObject({ message: "the daemon is stopped" });
    expect(clock.pending).toBe(0);
  });
});

describe("an engine that breaks off", () => {
  test("is away at once, and looked at whole when it is back", async () => {
    begin();
    await clock.advance(10_000);
    engine.goAway();
    await clock.advance(1);
    expect(told.slice(2)).toEqual(["away: the engine went away"]);
    await clock.advance(10_000);
    expect(told.slice(3)).toEqual(["away: simulated: engine away"]);
    engine.comeBack();
    await clock.advance(SOON_MS);
    expect(told.slice(4)).toEqual(["look", "answers"]);
  });
});

describe("an engine that hangs", () => {
  test("is away when it has not answered a ping, and not for a slow answer", async () => {
    begin();
    await clock.advance(10_000);
    engine.hang();
    await clock.advance(2_500);
    engine.comeBack();
    await clock.advance(10_000);
    expect(told).toEqual(["look", "answers"]);
    engine.hang();
    await clock.advance(5_500);
    expect(told.slice(2)).toEqual(["away: the engine did not answer within 3000 ms"]);
    await clock.advance(60_000);
    expect(told).toHaveLength(3);
    engine.comeBack();
    await clock.advance(SOON_MS);
    expect(told.slice(3)).toEqual(["look", "answers"]);
  });

  test("from the beginning is told of as soon as that is known", async () => {
    engine.hang();
    begin();
    const answered = watch.answered(1_000, NEVER).then(() => clock.nowMs());
    await clock.advance(8_000);
    expect(await answered).toBe(1_000);
    expect(told[0]).toMatch(/^away: the engine did not answer/);
  });
});

test("whoever waits for the first answer goes on with it", async () => {
  begin();
  const answered = watch.answered(1_000, NEVER).then(() => clock.nowMs());
  await clock.advance(2_000);
  expect(await answered).toBeLessThan(200);
});

test("what is no engine's fault ends the watch", async () => {
  const bug = new TypeError("a bug of ours");
  engine.describe = () => Promise.reject(bug);
  engine.events = () => {
    throw bug;
  };
  begin();
  await clock.advance(SOON_MS);
  expect(await ended).toBe(bug);
});
