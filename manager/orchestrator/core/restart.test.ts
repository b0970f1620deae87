import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { RestartPolicy } from "../../../shared/docker-api/task-spec.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import { sampleTask, type TaskSketch } from "../../../test/samples/objects.js";
import { backOffWords, sequelOf, startDelayMs } from "./restart.js";

const S = 1_000;
const NS_PER_S = 1e9;

describe("the condition", () => {
  test.each<[NonNullable<RestartPolicy["Condition"]>, ObservedState, "restart" | "finish"]>([
    ["any", "complete", "restart"],
    ["any", "failed", "restart"],
    ["any", "rejected", "restart"],
    ["any", "shutdown", "restart"],
    ["any", "orphaned", "restart"],
    ["on-failure", "complete", "finish"],
    ["on-failure", "failed", "restart"],
    ["on-failure", "rejected", "restart"],
    ["on-failure", "shutdown", "restart"],
    ["none", "complete", "finish"],
    ["none", "failed", "finish"],
    ["none", "rejected", "finish"],
  ])("%s after %s: %s", (Condition, state, expected) => {
    expect(sequelOf(sampleTask({ state }), { Condition }, 0).kind).toBe(expected);
  });

  test("a policy that says nothing restarts always", () => {
    expect(sequelOf(sampleTask({ state: "complete" }), {}, 0).kind).toBe("restart");
  });
});

describe("attempts and window", () => {
  test.each([
    { name: "no limit", policy: {}, restarts: [1, 2, 3, 4, 5, 6], expected: "restart" },
    { name: "below the limit", policy: { MaxAttempts: 3 }, restarts: [1, 2], expected: "restart" },
    { name: "at the limit", policy: { MaxAttempts: 3 }, restarts: [1, 2, 3], expected: "finish" },
    {
      name: "old restarts fall out of the window",
      policy: { MaxAttempts: 2, Window: 10 * NS_PER_S },
      restarts: [80 * S, 89 * S, 95 * S],
      expected: "restart",
    },
    {
      name: "as many as allowed within the window",
      policy: { MaxAttempts: 2, Window: 10 * NS_PER_S },
      restarts: [80 * S, 91 * S, 95 * S],
      expected: "finish",
    },
    {
      name: "a restart at the very edge of the window counts no more",
      policy: { MaxAttempts: 1, Window: 10 * NS_PER_S },
      restarts: [90 * S],
      expected: "restart",
    },
  ])("$name: $expected", ({ policy, restarts, expected }) => {
    const task = sampleTask({ state: "failed", restartsAtMs: restarts });
    expect(sequelOf(task, policy, 100 * S).kind).toBe(expected);
  });

  test("a slot is restarted exactly as often as allowed, however many attempts that is", () => {
    const attempts = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(attempts, (MaxAttempts) => {
        let restartsAtMs: readonly number[] = [];
        let restarted = 0;
        for (let atMs = 1; atMs < 200; atMs++) {
          const sequel = sequelOf(
            sampleTask({ state: "failed", restartsAtMs }),
            { MaxAttempts },
            atMs,
          );
          if (sequel.kind === "finish") break;
          restartsAtMs = [...sequel.restarts.earlierMs, atMs];
          restarted++;
        }
        expect(restarted).toBe(MaxAttempts);
      }),
    );
  });

  test("what a task inherits is bounded", () => {
    let restartsAtMs: readonly number[] = [];
    for (let atMs = 0; atMs < 100; atMs++) {
      const sequel = sequelOf(sampleTask({ state: "failed", restartsAtMs }), {}, atMs);
      if (sequel.kind === "restart") restartsAtMs = [...sequel.restarts.earlierMs, atMs];
    }
    expect(restartsAtMs).toHaveLength(12);
    expect(restartsAtMs.at(-1)).toBe(99);
  });
});

describe("what a waiting task says", () => {
  const soon = (count: number): number[] => Array.from({ length: count }, (_, i) => i * S);

  test.each<[string, TaskSketch, string | undefined]>([
    ["nothing of its policy's delay", { restartsAtMs: soon(5) }, undefined],
    ["how long beyond that", { restartsAtMs: soon(6) }, "waits 4s after 6 restarts in a row"],
    ["at most", { restartsAtMs: soon(12) }, "waits 63s after 12 or more restarts in a row"],
    ["nothing when it is no restart", { restartsAtMs: soon(9), createdAtMs: 99 * S }, undefined],
    ["nothing once it may start", { restartsAtMs: soon(9), desired: "running" }, undefined],
    ["nothing once it has failed", { restartsAtMs: soon(9), state: "rejected" }, undefined],
  ])("%s", (_, sketch, expected) => {
    const createdAtMs = sketch.restartsAtMs?.at(-1) ?? 0;
    const task = sampleTask({ desired: "ready", state: "ready", createdAtMs, ...sketch });
    expect(backOffWords(task, { Delay: 3 * NS_PER_S })).toBe(expected);
  });
});

describe("the delay", () => {
  const policy = { Delay: 3 * NS_PER_S };

  test("a task that is no restart has none", () => {
    expect(startDelayMs(sampleTask({ createdAtMs: 7 }), policy)).toBe(0);
    const moved = sampleTask({ createdAtMs: 7, restartsAtMs: [1, 5] });
    expect(startDelayMs(moved, policy)).toBe(0);
  });

  test("a template without a policy has Docker's default of 5 s", () => {
    expect(startDelayMs(sampleTask({ createdAtMs: 7, restartsAtMs: [7] }), {})).toBe(5 * S);
  });

  test("grows with failures in a row: five for free, then doubled up to a minute", () => {
    const delays: number[] = [];
    let restartsAtMs: number[] = [];
    let atMs = 0;
    for (let i = 0; i < 14; i++) {
      restartsAtMs = [...restartsAtMs.slice(-11), atMs];
      const delayMs = startDelayMs(sampleTask({ createdAtMs: atMs, restartsAtMs }), policy);
      delays.push(delayMs / S - 3);
      atMs += delayMs + 1 * S;
    }
    expect(delays).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test("a task that lived for minutes ends the row", () => {
    const early = Array.from({ length: 8 }, (_, i) => i * S);
    const atMs = 8 * S + (3 + 60 + 60 + 1) * S;
    const task = sampleTask({ createdAtMs: atMs, restartsAtMs: [...early, atMs] });
    expect(startDelayMs(task, policy)).toBe(3 * S);
  });
});
