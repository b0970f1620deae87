import { expect, test } from "vitest";

import type { TaskId } from "../../../shared/model/ids.js";
import { LookSchedule } from "./look-schedule.js";

const TASKS = Array.from({ length: 40 }, (_, i) => `task${i}` as TaskId);
const [A, B] = TASKS as [TaskId, TaskId];

test("without a hint all is looked at every 15 s, tasks by turns", () => {
  const looks = new LookSchedule(1_000);
  expect(looks.dueMs).toBe(16_000);
  expect(looks.take(16_000, TASKS)).toEqual({ host: "due", taskIds: TASKS.slice(0, 30) });
  expect(looks.dueMs).toBe(31_000);
  expect(looks.take(31_000, TASKS)).toEqual({ host: "due", taskIds: TASKS.slice(30) });
  expect(looks.take(46_000, TASKS).taskIds).toEqual(TASKS.slice(20));
});

test("a hint leads to a look at what it is about, 2 s after the look before at the soonest", () => {
  const looks = new LookSchedule(0);
  looks.hintTask(B);
  expect(looks.dueMs).toBe(2_000);
  expect(looks.take(3_000, TASKS)).toEqual({ host: "spared", taskIds: [B] });
  expect(looks.dueMs).toBe(15_000);
  looks.hintHost();
  expect(looks.dueMs).toBe(5_000);
  expect(looks.take(5_000, TASKS)).toEqual({ host: "due", taskIds: [] });
});

test("hints do not put the full look off, and a task that is gone is not looked at", () => {
  const looks = new LookSchedule(0);
  looks.hintHost();
  looks.take(14_000, TASKS);
  looks.hintTask(A);
  looks.hintTask("gone" as TaskId);
  expect(looks.dueMs).toBe(15_000);
  expect(looks.take(15_000, [A, B])).toEqual({ host: "due", taskIds: [A, B] });
});
