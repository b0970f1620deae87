/** Counts what many runs came to. */
import type { RunReport } from "./run-seed.js";

export interface Tally {
  runs: number;
  steps: number;
  entries: number;
  calls: number;
  answered: number;
  withoutMajority: number;
  readonly failed: RunReport[];
  /** Of each run that came to peace. */
  readonly peaceTicks: number[];
}

export function emptyTally(): Tally {
  return {
    runs: 0,
    steps: 0,
    entries: 0,
    calls: 0,
    answered: 0,
    withoutMajority: 0,
    failed: [],
    peaceTicks: [],
  };
}

export function addReport(tally: Tally, report: RunReport): void {
  tally.runs++;
  tally.steps += report.steps;
  tally.entries += report.entries;
  tally.calls += report.calls;
  tally.answered += report.answered;
  if (report.violation !== undefined) tally.failed.push(report);
  else if (report.peaceTicks === undefined) tally.withoutMajority++;
  else tally.peaceTicks.push(report.peaceTicks);
}

export function summaryOf(tally: Tally, seconds: number): string {
  const { runs, failed, steps, entries, calls, answered, withoutMajority } = tally;
  const ticks = tally.peaceTicks.toSorted((a, b) => a - b);
  const lines = [
    `${runs} seeds, ${failed.length} failed, ${(runs / seconds).toFixed(1)} seeds/s`,
    `per seed: ${perRun(steps, runs)} steps, ${perRun(entries, runs)} entries, ` +
      `${perRun(calls, runs)} calls, ${perRun(answered, runs)} of them answered`,
    `ticks until all was well: median ${quantile(ticks, 0.5)}, p99 ${quantile(ticks, 0.99)}, ` +
      `most ${ticks.at(-1) ?? 0}; ${withoutMajority} had no majority left`,
  ];
  const seedsOf = new Map<string, number[]>();
  for (const { seed, violation } of failed) {
    const property = violation?.property ?? "";
    seedsOf.set(property, [...(seedsOf.get(property) ?? []), seed]);
  }
  for (const [property, seeds] of seedsOf) {
    lines.push(`${seeds.length} × ${property}: ${seeds.slice(0, 10).join(" ")}`);
  }
  return lines.join("\n");
}

function perRun(count: number, runs: number): number {
  return Math.round(count / Math.max(1, runs));
}

function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.floor(share * ascending.length)] ?? 0;
}
