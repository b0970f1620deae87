/** Simulates whole clusters for many seeds, on all cores, and says what came of it. */
import { fileURLToPath } from "node:url";

import { runOnWorkers, type Seeds } from "../seed-workers.js";
import { planOf, withHappenings } from "./plan.js";
import { runPlan, type RunReport } from "./run.js";

export interface ClusterFlags extends Seeds {
  readonly trace?: true;
  readonly only?: readonly number[];
}

/** Failures beyond these are counted, and not told one by one. */
const TOLD_FAILURES = 20;
const WORKER = fileURLToPath(import.meta.resolve("./seed-worker.js"));

interface Tally {
  readonly failed: number[];
  commands: number;
  tasks: number;
  longestPeaceMs: number;
}

/** @returns the exit code. */
export async function simulateClusters(flags: ClusterFlags): Promise<number> {
  const startMs = performance.now();
  const tally: Tally = { failed: [], commands: 0, tasks: 0, longestPeaceMs: 0 };
  const take = (report: RunReport): void => tellOf(report, tally);
  const { trace, only } = flags;
  if (trace ?? only) await runHere(flags, take);
  else await runOnWorkers(WORKER, flags, (reports) => (reports as RunReport[]).forEach(take));
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(
    `${flags.seeds} clusters in ${seconds.toFixed(1)} s (${(flags.seeds / seconds).toFixed(1)} seeds/s): ` +
      `${tally.commands} commands, ${tally.tasks} tasks, peace within ${tally.longestPeaceMs} ms at most; ` +
      `${tally.failed.length} failed ${tally.failed.join(", ")}`,
  );
  return tally.failed.length > 0 ? 1 : 0;
}

async function runHere(
  { from, seeds, trace, only }: ClusterFlags,
  take: (report: RunReport) => void,
): Promise<void> {
  const tell = trace && ((line: string): void => console.log(line));
  for (let seed = from; seed < from + seeds; seed++) {
    const plan = withHappenings(planOf(seed), ({ number }) => only?.includes(number) ?? true);
    take(await runPlan(plan, tell));
  }
}

function tellOf({ seed, violation, commands, tasks, peaceMs }: RunReport, tally: Tally): void {
  tally.commands += commands;
  tally.tasks += tasks;
  tally.longestPeaceMs = Math.max(tally.longestPeaceMs, peaceMs ?? 0);
  if (violation === undefined) return;
  tally.failed.push(seed);
  if (tally.failed.length > TOLD_FAILURES) return;
  console.log(`seed ${seed}: ${violation.property}\n  ${violation.detail}\n  ${replayOf(seed)}`);
}

export function replayOf(seed: number): string {
  return `npm run sim -- --cluster --from ${seed} --seeds 1 --trace`;
}
