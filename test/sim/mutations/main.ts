/**
 * `npm run mutate`: puts each deliberate bug into a copy of the sources, one at a time, and runs what
 * has to notice it. Fails where one goes unnoticed; with `--write`, `docs/mutations.md` tells.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Command, InvalidArgumentError } from "commander";
import { format } from "prettier";

import { SUITE_SEEDS } from "../raft/suite-seeds.js";
import { SUITE_SEEDS as CLUSTER_SEEDS } from "../whole/suite-seeds.js";
import { catchBySeeds } from "./catch-by-seeds.js";
import { catchByTests } from "./catch-by-tests.js";
import type { Catch, Mutant } from "./mutant.js";
import { MUTANTS } from "./mutants.js";
import { seedOnPage, tableOf } from "./mutation-table.js";
import { type PROGRAMS, SimulationSources } from "./simulation-copy.js";

interface Flags {
  readonly only?: string;
  readonly by?: string;
  readonly seeds?: number;
  readonly workers: number;
  readonly write?: true;
}

/** This program runs in `dist/test/sim/mutations/`. */
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const PAGE = join(ROOT, "docs", "mutations.md");

const program = new Command("npm run mutate --")
  .description("Deliberate bugs, one at a time: does anybody notice?")
  .option("--only <text>", "those with this in their names")
  .option("--by <text>", "those that are noticed by this: cluster, say, or a file of tests")
  .option("--seeds <number>", "seeds from 1 on, instead of those of the suite", wholeNumber)
  .option("--workers <number>", "so many at once", wholeNumber, availableParallelism())
  .option("--write", "write it into docs/mutations.md");
program.parse();
await mutate(program.opts<Flags>());

async function mutate({ only = "", by = "", seeds, workers, write }: Flags): Promise<void> {
  const sources = {
    simulation: new SimulationSources(ROOT, "simulation"),
    "cluster simulation": new SimulationSources(ROOT, "cluster simulation"),
  };
  const wanted = MUTANTS.filter(
    ({ name, caughtBy }) => name.includes(only) && caughtBy.includes(by),
  );
  const page = readFileSync(PAGE, "utf8");
  const caught = new Map<Mutant, Catch | undefined>();
  const queue = [...wanted];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const startMs = performance.now();
      caught.set(mutant, await catchOne(sources, mutant, seedsFor(mutant, page, seeds)));
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
      tell(mutant, caught.get(mutant), seconds);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, workers) }, work));
  const unnoticed = wanted.filter((mutant) => caught.get(mutant) === undefined);
  console.log(`${wanted.length} bugs, ${unnoticed.length} unnoticed`);
  if (unnoticed.length > 0) process.exitCode = 1;
  if (write === undefined) return;
  const style = { parser: "markdown", printWidth: 100 };
  writeFileSync(PAGE, await format(tableOf(MUTANTS, caught, page), style));
}

/** Of the suite, or so many; the one that noticed the last time comes first. */
function seedsFor(
  { name, caughtBy }: Mutant,
  page: string,
  count: number | undefined,
): readonly number[] {
  const suite = caughtBy === "cluster simulation" ? CLUSTER_SEEDS : SUITE_SEEDS;
  const all = count === undefined ? suite : Array.from({ length: count }, (_, i) => i + 1);
  const known = seedOnPage(page, name);
  return known !== undefined && all.includes(known) ? [known, ...all] : all;
}

async function catchOne(
  sources: Readonly<Record<keyof typeof PROGRAMS, SimulationSources>>,
  mutant: Mutant,
  seeds: Iterable<number>,
): Promise<Catch | undefined> {
  const { caughtBy } = mutant;
  if (caughtBy !== "simulation" && caughtBy !== "cluster simulation")
    return catchByTests(ROOT, mutant);
  using copy = sources[caughtBy].copyWith(mutant);
  return await catchBySeeds(copy, seeds);
}

function tell({ name }: Mutant, caught: Catch | undefined, seconds: string): void {
  const how = caught === undefined ? "NOBODY NOTICES" : `${caught.by}: ${caught.as.slice(0, 120)}`;
  console.log(`${name} (${seconds} s)\n  ${how.replaceAll("\n", " ")}`);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is needed");
  return Number(text);
}
