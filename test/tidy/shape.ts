/** The outer shape of files: how long, how they open, what they are called. */
import { areaOf, type Finding, isCode, isTest, type Tree } from "./source-tree.js";

/** A reader keeps a file of this length in mind; what is longer holds two ideas. */
export const FILE_LINES_MAX = 400;

/** Names that say nothing, so that everything fits in: each becomes a drawer for odds and ends. */
const DRAWERS = /^(utils?|helpers?|common|misc|index)$/;

export function filesTooLong(tree: Tree): Finding[] {
  return [...tree.values()]
    .filter(({ path }) => isCode(path) || path.endsWith(".proto"))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, "").split("\n").length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ path, lines }) => ({
      path,
      message: `has ${lines} lines of at most ${FILE_LINES_MAX}`,
    }));
}

export function filesWithoutHeader(tree: Tree): Finding[] {
  return [...tree.values()]
    .filter(({ path }) => isCode(path) && !isTest(path))
    .filter(({ text }) => !/^(#!.*\n)?\/\*\*[\s*]*[A-Za-z`"']/.test(text))
    .map(({ path }) => ({
      path,
      line: 1,
      message: "does not open with a comment on what it is for",
    }));
}

export function drawers(tree: Tree): Finding[] {
  return [...tree.keys()]
    .filter((path) => areaOf(path) !== "" && isCode(path))
    .flatMap((path) => {
      const drawer = path.split("/").find((segment) => DRAWERS.test(segment.replace(/\..*$/, "")));
      if (drawer === undefined) return [];
      return [{ path, message: `"${drawer}" does not say what is inside` }];
    });
}
