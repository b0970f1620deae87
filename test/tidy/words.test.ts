import { expect, test } from "vitest";

import { treeOf } from "./source-tree.js";
import { forbiddenWords } from "./words.js";

// Put together here, or this file would be what it looks for.
const marked = (word: string) => `// ${word.toUpperCase()}: later`;
const silenced = (how: string) => `test.${how}("a", () => {});`;

function findings(path: string, text: string): number {
  return forbiddenWords(treeOf({ [path]: text })).length;
}

test.each(["todo", "fixme", "hack"])("%s is work left behind", (word) => {
  expect(findings("shared/a.ts", marked(word))).toBe(1);
  expect(findings("shared/a.ts", `const ${word}List = 1;`)).toBe(0);
});

test.each(["skip", "only", "todo", "skipIf(true)"])("test.%s hides tests", (how) => {
  expect(findings("shared/a.test.ts", silenced(how))).toBe(1);
});

test("a skip with a reason, decided in the test, is told at the end", () => {
  expect(findings("shared/a.test.ts", `context.skip("no engine");`)).toBe(0);
});

test("a rule is switched off with a reason or not at all", () => {
  const disable = "// eslint-" + "disable-next-line no-console";
  expect(findings("shared/a.ts", disable)).toBe(1);
  expect(findings("shared/a.ts", `${disable} -- it is a program`)).toBe(0);
});

test.each(["work", "farm", "home/someone", "Users"])(
  "a path under /%s is of one machine",
  (top) => {
    expect(findings("README.md", `see \`/${top}/skep/a.ts\``)).toBe(1);
    expect(findings("README.md", `see docs/${top}/a.ts`)).toBe(0);
  },
);

test("packages come from wherever the user's npm gets them", () => {
  const registry = (host: string) => `    "resolved": "https://${host}/a/-/a-1.0.0.tgz",`;
  expect(findings("package-lock.json", registry("registry.npmjs.org"))).toBe(0);
  expect(findings("package-lock.json", registry("npm.example.com"))).toBe(1);
  expect(findings(".npmrc", "registry=https://npm.example.com/")).toBe(1);
  expect(findings(".npmrc", "fund=false")).toBe(0);
});
