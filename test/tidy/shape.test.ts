import { expect, test } from "vitest";

import { drawers, FILE_LINES_MAX, filesTooLong, filesWithoutHeader } from "./shape.js";
import { treeOf } from "./source-tree.js";

const lines = (count: number) => "x\n".repeat(count);

test.each([
  ["shared/a.ts", FILE_LINES_MAX, 0],
  ["shared/a.ts", FILE_LINES_MAX + 1, 1],
  ["shared/a.test.ts", FILE_LINES_MAX + 1, 1],
  ["proto/state.proto", FILE_LINES_MAX + 1, 1],
  ["package-lock.json", FILE_LINES_MAX + 1, 0],
])("%s of %i lines: %i findings", (path, count, findings) => {
  expect(filesTooLong(treeOf({ [path]: lines(count) }))).toHaveLength(findings);
});

test.each([
  ["/** What it is for. */\nexport const a = 1;", 0],
  ["#!/usr/bin/env node\n/**\n * What it is for.\n */\n", 0],
  ["export const a = 1;", 1],
  ["// What it is for.\nexport const a = 1;", 1],
  ["/** */\nexport const a = 1;", 1],
  ["", 1],
])("a file that begins %j: %i findings", (text, findings) => {
  expect(filesWithoutHeader(treeOf({ "shared/a.ts": text }))).toHaveLength(findings);
  expect(filesWithoutHeader(treeOf({ "shared/a.test.ts": text }))).toEqual([]);
});

test.each([
  ["shared/utils.ts", 1],
  ["shared/utils/sleep.ts", 1],
  ["manager/helpers.test.ts", 1],
  ["cli/common/table.ts", 1],
  ["worker/misc.mjs", 1],
  ["shared/model/index.ts", 1],
  ["shared/model/common-name.ts", 0],
  ["manager/scheduler/core/node-index.ts", 0],
])("%s: %i drawers", (path, findings) => {
  expect(drawers(treeOf({ [path]: "" }))).toHaveLength(findings);
});
