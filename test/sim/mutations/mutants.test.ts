/** That the table of deliberate bugs is one of the sources as they are, and tells what is so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { catchBySeeds } from "./catch-by-seeds.js";
import { plant } from "./mutant.js";
import { MUTANTS } from "./mutants.js";
import { SimulationSources } from "./simulation-copy.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Found at once, wherever the seeds lead: more of them take minutes (`npm run mutate`). */
const QUICK = [
  "a vote is granted whatever the candidate's log lacks",
  "the log is not synced",
  "a snapshot holds no membership",
];
const QUICK_SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

describe("a deliberate bug", () => {
  test.each(MUTANTS)("can be put in: $name", (mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), "utf8");
    expect(plant(mutant, source)).not.toBe(source);
  });

  test("has a name of its own", () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("is in docs/mutations.md, and noticed there", () => {
    const page = readFileSync(join(ROOT, "docs", "mutations.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
    const told = rows.map((row) => row.split("|").map((cell) => cell.trim()));
    expect(told.map(([, name, file]) => [name, file])).toEqual(
      MUTANTS.map(({ name, file }) => [name, `\`${file}\``]),
    );
    expect(told.filter(([, , , noticed]) => noticed === "nobody")).toEqual([]);
  });

  const sources = new SimulationSources(ROOT, "simulation");
  test.each(QUICK)("is noticed by the simulation: %s", async (name) => {
    const [mutant] = MUTANTS.filter((candidate) => candidate.name === name);
    if (mutant === undefined) expect.unreachable("there is no such bug");
    using copy = sources.copyWith(mutant);
    expect(await catchBySeeds(copy, QUICK_SEEDS)).toBeDefined();
  });
});
