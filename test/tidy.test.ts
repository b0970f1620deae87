// The house rules that no linter knows, held against the whole repository.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { deadFiles, entriesWithoutFile } from "./tidy/dead-files.js";
import { wrongImports } from "./tidy/layers.js";
import { ambientTimeAndChance } from "./tidy/purity.js";
import { drawers, filesTooLong, filesWithoutHeader } from "./tidy/shape.js";
import { describeFinding, type Finding, readTree, type Tree } from "./tidy/source-tree.js";
import { forbiddenWords } from "./tidy/words.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const tree = readTree(ROOT);

const RULES: readonly (readonly [name: string, rule: (tree: Tree) => readonly Finding[]])[] = [
  ["files are short", filesTooLong],
  ["files open with what they are for", filesWithoutHeader],
  ["no drawers for odds and ends", drawers],
  ["imports point the right way", wrongImports],
  ["core/ knows no clock and no chance", ambientTimeAndChance],
  ["nothing unfinished, silenced or tied to a machine", forbiddenWords],
  ["every file is needed", (all) => deadFiles(all, entryPoints())],
];

test.each(RULES)("%s", (_name, rule) => {
  expect(rule(tree).map(describeFinding)).toEqual([]);
});

test("the tree was found", () => {
  expect(tree.get("test/tidy.test.ts")?.imports.map(({ target }) => target)).toContain(
    "test/tidy/layers.ts",
  );
});

test("every entry point exists", () => {
  expect(entriesWithoutFile(tree, entryPoints())).toEqual([]);
});

/** One list for knip and for us; configuration of tools at the root is read by the tools. */
function entryPoints(): string[] {
  const knip = JSON.parse(readFileSync(`${ROOT}/knip.json`, "utf8")) as { entry: string[] };
  return [...knip.entry, "*.config.ts", "*.config.js"];
}
