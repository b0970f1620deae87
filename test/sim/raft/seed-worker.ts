/** A process that runs the seeds that `simulate.ts` gives it, and reports on each. */
import type { SeedBatch } from "../seed-workers.js";
import { planOf } from "./plan.js";
import { runPlan, type RunReport } from "./run-seed.js";

process.on("message", (batch) => void runBatch(batch as SeedBatch));

async function runBatch({ from, to }: SeedBatch): Promise<void> {
  const reports: RunReport[] = [];
  for (let seed = from; seed < to; seed++) reports.push(await runPlan(planOf(seed)));
  process.send?.(reports);
}
