import { expect, test } from "vitest";

import { takeLock } from "./lock.js";

test("one at a time, and again once it is released", async (context) => {
  context.skip(process.platform !== "linux", "only Linux has abstract sockets");
  const name = `skep-lock-test-${process.pid}`;
  const first = await takeLock(name, "the first");
  await expect(takeLock(name, "the first")).rejects.toThrow("the first is at work");
  await using _other = await takeLock(`${name}-2`, "nobody");
  await first.release();
  await using _second = await takeLock(name, "nobody");
});
