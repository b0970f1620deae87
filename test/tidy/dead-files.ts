/** Files that nothing needs: not reached from any program or test, their own unit test aside. */
import { type Finding, isCode, isTest, type Tree } from "./source-tree.js";

/** @param entries what is started from outside; `*` stands for any name in a folder */
export function deadFiles(tree: Tree, entries: readonly string[]): Finding[] {
  const isEntry = matcherOf(entries);
  const roots = [...tree.keys()].filter((path) => isTest(path) || isEntry(path));
  const reached = reachableFrom(roots, tree);
  return [...tree.keys()]
    .filter((path) => isCode(path) && !reached.has(path))
    .map((path) => ({ path, message: "is imported by nothing but perhaps its own test" }));
}

/** Entries that name no file: a list that may lie is no list. */
export function entriesWithoutFile(tree: Tree, entries: readonly string[]): string[] {
  return entries.filter((entry) => ![...tree.keys()].some(matcherOf([entry])));
}

function reachableFrom(roots: readonly string[], tree: Tree): Set<string> {
  const reached = new Set(roots);
  // A Set that grows while it is walked is its own work list.
  for (const path of reached) {
    for (const { target } of tree.get(path)?.imports ?? [])
      if (target !== undefined && !isTwin(path, target)) reached.add(target);
  }
  return reached;
}

/** A unit test proves that its file works, not that anyone needs it. */
function isTwin(testPath: string, path: string): boolean {
  return isTest(testPath) && testPath.replace(/\.test\.ts$/, ".ts") === path;
}

function matcherOf(entries: readonly string[]): (path: string) => boolean {
  const patterns = entries.map((entry) => {
    const literal = entry.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${literal.replaceAll("*", "[^/]*")}$`);
  });
  return (path) => patterns.some((pattern) => pattern.test(path));
}
