/**
 * `npm run sim -- --seeds N [--from N]`: simulates a cluster of managers for each seed, on all cores,
 * and says which seeds violated what. `--trace` tells the story of each run; `--only 3,7` keeps only
 * these faults of its plan.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { planOf, withFaults } from "./raft/plan.js";
import { runPlan, type RunReport } from "./raft/run-seed.js";
import { shrink } from "./raft/shrink.js";
import { addReport, emptyTally, summaryOf, type Tally } from "./raft/tally.js";

/** Handed to a worker at a time: enough that nobody waits, few enough that all end together. */
const BATCH_SEEDS = 20;
/** Failures beyond these are counted, and not told one by one. */
const TOLD_FAILURES = 20;

/** From a worker to its parent; seeds go the other way. */
interface Batch {
  readonly from: number;
  readonly to: number;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    only: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
    shrink: { type: "boolean", default: false },
  },
});

if (process.send !== undefined) work();
else process.exitCode = await main();

async function main(): Promise<number> {
  const from = Number(values.from);
  const to = from + Number(values.seeds);
  const startMs = performance.now();
  const oneByOne = values.trace || values.only !== undefined || values.shrink;
  const tally = oneByOne ? await runHere(from, to) : await runOnWorkers(from, to);
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(summaryOf(tally, seconds));
  return tally.failed.length > 0 ? 1 : 0;
}

async function runHere(from: number, to: number): Promise<Tally> {
  const tally = emptyTally();
  const tell = values.trace ? (line: string): void => console.log(line) : undefined;
  const only = values.only?.split(",").map(Number);
  for (let seed = from; seed < to; seed++) {
    const plan = withFaults(planOf(seed), ({ number }) => only?.includes(number) ?? true);
    const report = await runPlan(plan, tell);
    tellOf(report, tally);
    if (report.violation !== undefined && values.shrink) await tellShrunk(report);
  }
  return tally;
}

async function tellShrunk({ seed }: RunReport): Promise<void> {
  const { faults, runs } = await shrink(planOf(seed));
  const numbers = faults.map(({ number }) => number).join(",");
  console.log(`  ${faults.length} faults are enough (tried ${runs} runs):`);
  for (const fault of faults) console.log(`    ${JSON.stringify(fault)}`);
  console.log(`  npm run sim -- --from ${seed} --seeds 1 --only "${numbers}" --trace`);
}

async function runOnWorkers(from: number, to: number): Promise<Tally> {
  const tally = emptyTally();
  let next = from;
  const takeBatch = (): Batch | undefined => {
    if (next >= to) return undefined;
    const batch = { from: next, to: Math.min(to, next + BATCH_SEEDS) };
    next = batch.to;
    return batch;
  };
  const workers = Array.from({ length: Math.max(1, Number(values.workers)) }, () =>
    driveWorker(takeBatch, (report) => tellOf(report, tally)),
  );
  await Promise.all(workers);
  return tally;
}

function driveWorker(
  takeBatch: () => Batch | undefined,
  onReport: (report: RunReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [], { stdio: "inherit" });
    const giveWork = (): void => {
      const batch = takeBatch();
      if (batch === undefined) child.disconnect();
      else child.send(batch);
    };
    child.on("message", (reports) => {
      for (const report of reports as RunReport[]) onReport(report);
      giveWork();
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code ?? "a signal"}`));
    });
    giveWork();
  });
}

function work(): void {
  process.on("message", (batch) => void runBatch(batch as Batch));
}

async function runBatch({ from, to }: Batch): Promise<void> {
  const reports: RunReport[] = [];
  for (let seed = from; seed < to; seed++) reports.push(await runPlan(planOf(seed)));
  process.send?.(reports);
}

function tellOf(report: RunReport, tally: Tally): void {
  addReport(tally, report);
  const { seed, violation } = report;
  if (violation === undefined || tally.failed.length > TOLD_FAILURES) return;
  console.log(`seed ${seed}: ${violation.property}\n  ${violation.detail}`);
  console.log(`  npm run sim -- --from ${seed} --seeds 1 --trace`);
}
