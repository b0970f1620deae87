import { expect, test } from "vitest";

import { ambientTimeAndChance } from "./purity.js";
import { treeOf } from "./source-tree.js";

const CORE_FILE = "manager/scheduler/core/schedule.ts";

test.each([
  "export const at = Date.now();",
  "export const at = new Date();",
  "export const at = new Date;",
  "export const at = Date();",
  "export const pick = Math.random();",
  "export const pick = globalThis.Math.random;",
  "export const id = crypto.randomUUID();",
])("core/ may not say %s", (text) => {
  expect(ambientTimeAndChance(treeOf({ [CORE_FILE]: text }))).toHaveLength(1);
  expect(ambientTimeAndChance(treeOf({ "shared/model/task.ts": text }))).toHaveLength(1);
});

test.each([
  "export const text = (atMs: number) => new Date(atMs).toISOString();",
  "// Date.now() would make two managers differ.\nexport const zero = 0;",
  "export const most = Math.max(1, 2);",
])("core/ may say %s", (text) => {
  expect(ambientTimeAndChance(treeOf({ [CORE_FILE]: text }))).toEqual([]);
});

test("the shell and the tests of core/ may ask the clock", () => {
  const text = "export const at = Date.now();";
  const tree = treeOf({ "manager/scheduler/scheduler.ts": text, "worker/core/a.test.ts": text });
  expect(ambientTimeAndChance(tree)).toEqual([]);
});
