import { expect, test } from "vitest";

import { deadFiles, entriesWithoutFile } from "./dead-files.js";
import { treeOf } from "./source-tree.js";

const ENTRIES = ["cli/main.ts", "scripts/*.mjs"];

function deadIn(texts: Record<string, string>): string[] {
  return deadFiles(treeOf({ "cli/main.ts": "", ...texts }), ENTRIES).map(({ path }) => path);
}

test("what a program reaches is alive, by whatever kind of import", () => {
  const dead = deadIn({
    "cli/main.ts": `import "./a.js"; export { b } from "./b.js"; void import("./c.js");`,
    "cli/a.ts": `import type { D } from "./d.js"; type E = import("./e.js").E;`,
    "cli/b.ts": `new Worker(new URL("./f.js", import.meta.url));`,
    "cli/c.ts": "",
    "cli/d.ts": "",
    "cli/e.ts": "",
    "cli/f.ts": "",
  });
  expect(dead).toEqual([]);
});

test("its own test does not make a file alive", () => {
  const dead = deadIn({ "cli/a.ts": "", "cli/a.test.ts": `import "./a.js";` });
  expect(dead).toEqual(["cli/a.ts"]);
});

test("the test of another file does: test doubles are for that", () => {
  const dead = deadIn({
    "shared/manual-clock.ts": "",
    "cli/a.test.ts": `import "../shared/manual-clock.js";`,
  });
  expect(dead).toEqual([]);
});

test("two dead files do not keep each other alive", () => {
  const dead = deadIn({ "cli/a.ts": `import "./b.js";`, "cli/b.ts": `import "./a.js";` });
  expect(dead).toEqual(["cli/a.ts", "cli/b.ts"]);
});

test("a star stands for a name, not for folders", () => {
  expect(deadIn({ "scripts/a.mjs": "", "scripts/b/c.mjs": "" })).toEqual(["scripts/b/c.mjs"]);
});

test("entries that name nothing are told", () => {
  expect(entriesWithoutFile(treeOf({ "cli/main.ts": "" }), ENTRIES)).toEqual(["scripts/*.mjs"]);
});
