import { expect, test } from "vitest";

import { Limiter } from "./limiter.js";

const NEVER = new AbortController().signal;

/** Work that lasts until it is told to end. */
function job(): { work: () => Promise<void>; end: () => void; begun: () => boolean } {
  let begun = false;
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = (): Promise<void> => {
    begun = true;
    return done;
  };
  return { work, end, begun: () => begun };
}

test("no more than the limit run at once, and each in its turn", async () => {
  const limiter = new Limiter(2);
  const jobs = [job(), job(), job(), job()];
  const runs = jobs.map(({ work }) => limiter.run(work, NEVER));
  await Promise.resolve();
  expect(jobs.map(({ begun }) => begun())).toEqual([true, true, false, false]);
  jobs[1]!.end();
  await runs[1];
  expect(jobs.map(({ begun }) => begun())).toEqual([true, true, true, false]);
  for (const { end } of jobs) end();
  await Promise.all(runs);
  await limiter.run(async () => undefined, NEVER);
});

test("work that fails gives its place back", async () => {
  const limiter = new Limiter(1);
  const failing = limiter.run(() => Promise.reject(new Error("no")), NEVER);
  const next = limiter.run(async () => "done", NEVER);
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("done");
});

test("who is called off while waiting takes no place", async () => {
  const limiter = new Limiter(1);
  const first = job();
  const running = limiter.run(first.work, NEVER);
  const off = new AbortController();
  const waiting = limiter.run(async () => "never", off.signal);
  off.abort(new Error("called off"));
  await expect(waiting).rejects.toThrow("called off");
  first.end();
  await running;
  expect(await limiter.run(async () => "next", NEVER)).toBe("next");
});
