/** Simulates managers for many seeds, on all cores, and says what came of it. */
import { fileURLToPath } from "node:url";

import { runOnWorkers } from "../seed-workers.js";
import { planOf, withFaults } from "./plan.js";
import { runPlan, type RunReport } from "./run-seed.js";
import { shrink } from "./shrink.js";
import { addReport, emptyTally, summaryOf, type Tally } from "./tally.js";

export interface ManagersFlags {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly trace?: true;
  readonly only?: readonly number[];
  readonly shrink?: true;
}

/** Failures beyond these are counted, and not told one by one. */
const TOLD_FAILURES = 20;
const WORKER = fileURLToPath(import.meta.resolve("./seed-worker.js"));

/** @returns the exit code. */
export async function simulateManagers(flags: ManagersFlags): Promise<number> {
  const startMs = performance.now();
  const { trace, only, shrink: isToShrink } = flags;
  const oneByOne = trace ?? only ?? isToShrink;
  const tally = await (oneByOne === undefined ? runInProcesses(flags) : runHere(flags));
  console.log(summaryOf(tally, (performance.now() - startMs) / 1_000));
  return tally.failed.length > 0 ? 1 : 0;
}

async function runHere(flags: ManagersFlags): Promise<Tally> {
  const { from, seeds, trace, only } = flags;
  const tally = emptyTally();
  const tell = trace && ((line: string): void => console.log(line));
  for (let seed = from; seed < from + seeds; seed++) {
    const plan = withFaults(planOf(seed), ({ number }) => only?.includes(number) ?? true);
    const report = await runPlan(plan, tell);
    tellOf(report, tally);
    if (report.violation !== undefined && flags.shrink !== undefined) await tellShrunk(seed);
  }
  return tally;
}

async function tellShrunk(seed: number): Promise<void> {
  const { faults, runs } = await shrink(planOf(seed));
  const numbers = faults.map(({ number }) => number).join(",");
  console.log(`  ${faults.length} faults are enough (tried ${runs} runs):`);
  for (const fault of faults) console.log(`    ${JSON.stringify(fault)}`);
  console.log(`  ${replayOf(seed)} --only "${numbers}"`);
}

async function runInProcesses(flags: ManagersFlags): Promise<Tally> {
  const tally = emptyTally();
  await runOnWorkers(WORKER, flags, (reports) => {
    for (const report of reports as RunReport[]) tellOf(report, tally);
  });
  return tally;
}

function tellOf(report: RunReport, tally: Tally): void {
  addReport(tally, report);
  const { seed, violation } = report;
  if (violation === undefined || tally.failed.length > TOLD_FAILURES) return;
  console.log(`seed ${seed}: ${violation.property}\n  ${violation.detail}\n  ${replayOf(seed)}`);
}

function replayOf(seed: number): string {
  return `npm run sim -- --from ${seed} --seeds 1 --trace`;
}
