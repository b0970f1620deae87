import { expect, test } from "vitest";

import { silentLogger } from "../shared/ports/logger.js";
import { ManualClock } from "../shared/ports/manual-clock.js";
import { ControlLoop } from "./control-loop.js";

interface Started {
  readonly key: string;
  readonly finish: () => void;
  readonly fail: () => void;
}

/** A loop whose reconciler finishes when the test says so. */
function start({ concurrency = 1 } = {}) {
  const clock = new ManualClock();
  const started: Started[] = [];
  const stop = new AbortController();
  const loop = new ControlLoop<string>({
    name: "test",
    clock,
    logger: silentLogger,
    concurrency,
    reconcile: (key) =>
      new Promise((resolve, reject) => {
        started.push({ key, finish: resolve, fail: () => reject(new Error("asked to fail")) });
      }),
  });
  const ended = loop.run({ signal: stop.signal });
  const settle = () => clock.advance(0);
  const keys = () => started.map(({ key }) => key);
  return { clock, loop, started, stop, ended, settle, keys };
}

test("a key enqueued many times is reconciled once", async () => {
  const { loop, keys, settle, started } = start();
  for (let i = 0; i < 10; i++) loop.enqueue("a");
  await settle();
  started[0]!.finish();
  await settle();
  expect(keys()).toEqual(["a"]);
});

test("a key enqueued while it is reconciled is reconciled once more", async () => {
  const { loop, keys, settle, started } = start();
  loop.enqueue("a");
  await settle();
  loop.enqueue("a");
  loop.enqueue("a");
  started[0]!.finish();
  await settle();
  expect(keys()).toEqual(["a", "a"]);
  expect(loop.depth).toBe(0);
});

test("several keys run at once, but one key never beside itself", async () => {
  const { loop, keys, settle, started } = start({ concurrency: 3 });
  for (const key of ["a", "b"]) loop.enqueue(key);
  await settle();
  loop.enqueue("a");
  loop.enqueue("c");
  loop.enqueue("d");
  await settle();
  expect(keys()).toEqual(["a", "b", "c"]);
  started[1]!.finish();
  await settle();
  expect(keys()).toEqual(["a", "b", "c", "d"]);
  started[0]!.finish();
  await settle();
  expect(keys()).toEqual(["a", "b", "c", "d", "a"]);
});

test("a failed key is tried again after 50 ms, then twice as long each time, up to 5 s", async () => {
  const { clock, loop, keys, settle, started } = start();
  loop.enqueue("a");
  await settle();
  for (const delayMs of [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
    const tries = started.length;
    started.at(-1)!.fail();
    await clock.advance(delayMs - 1);
    expect(keys()).toHaveLength(tries);
    await clock.advance(1);
    expect(keys()).toHaveLength(tries + 1);
  }
  started.at(-1)!.finish();
  await settle();
  loop.enqueue("a");
  await settle();
  started.at(-1)!.fail();
  const tries = started.length;
  await clock.advance(50);
  expect(keys()).toHaveLength(tries + 1);
});

test("of two waits for a key the earlier stands", async () => {
  const { clock, loop, keys } = start();
  loop.enqueueAfter("a", 100);
  loop.enqueueAfter("a", 10);
  loop.enqueueAfter("a", 50);
  await clock.advance(9);
  expect(keys()).toEqual([]);
  await clock.advance(1);
  expect(keys()).toEqual(["a"]);
  expect(clock.pending).toBe(0);
});

test("an aborted loop ends only after its reconciler has, and leaves no timer", async () => {
  const { clock, loop, settle, started, stop, ended } = start({ concurrency: 2 });
  let over = false;
  void ended.then(() => (over = true));
  loop.enqueue("a");
  loop.enqueueAfter("b", 1000);
  await settle();
  stop.abort();
  await settle();
  expect(over).toBe(false);
  started[0]!.finish();
  await settle();
  expect(over).toBe(true);
  expect(clock.pending).toBe(0);
});
