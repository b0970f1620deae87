/**
 * How many entries three managers commit per second, each in a process of its own, over gRPC and with every promise
 * synced to the disk; proposed inside the leader, where nearly all writes of a scheduler arise.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Progress } from "./main.js";
import type { LoadFigures } from "./raft/member-messages.js";
import { Members } from "./raft/members.js";
import { type Figure, median, type Report } from "./report.js";

const IN_FLIGHT = [1, 16, 64, 256, 1_024] as const;
const ENTRY_BYTES = 256;
const WARM_UP_MS = 1_000;
const DURATION_MS = 4_000;
/** Median of these: other programs share the machine. */
const RUNS = 3;
const SYNCS = 300;
const SYNC_BYTES = 4_096;
const TO_REACH: Readonly<Record<string, number>> = {
  committed_per_s_64: 20_000,
  committed_per_s_256: 30_000,
  p99_ms_256: 25,
};

export async function benchRaft(progress: Progress): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "skep-bench-raft-"));
  try {
    const fsyncMs = await fsyncP50Ms(join(folder, "probe"));
    progress(`fsync: ${fsyncMs.toFixed(2)} ms`);
    const figures: Figure[] = [{ name: "fsync_p50_ms", value: fsyncMs, unit: "ms" }];
    for (const [inFlight, runs] of await loadSkep(join(folder, "skep"), progress)) {
      figures.push(...figuresOf(inFlight, runs));
    }
    return { bench: "raft", figures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loadSkep(
  folder: string,
  progress: Progress,
): Promise<ReadonlyMap<number, readonly LoadFigures[]>> {
  const members = new Members();
  try {
    await members.start(folder);
    return await eachLoad("skep", progress, (order) => members.load(order));
  } finally {
    await members.checkAgreement().finally(() => members.end());
  }
}

type Load = Parameters<Members["load"]>[0];

/** Interleaved, so that a busy minute of the machine spoils no figure alone. */
async function eachLoad(
  who: string,
  progress: Progress,
  load: (order: Load) => Promise<LoadFigures>,
): Promise<Map<number, LoadFigures[]>> {
  const found = new Map<number, LoadFigures[]>(IN_FLIGHT.map((inFlight) => [inFlight, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const inFlight of IN_FLIGHT) {
      const warmUpMs = run === 0 ? WARM_UP_MS : WARM_UP_MS / 4;
      const order = { inFlight, entryBytes: ENTRY_BYTES, warmUpMs, durationMs: DURATION_MS };
      const figures = await load(order);
      found.get(inFlight)?.push(figures);
      const { perSecond, p50Ms, p99Ms, cpuUs } = figures;
      progress(
        `${who}, ${inFlight} in flight: ${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${cpuUs.toFixed(0)} us of CPU`,
      );
    }
  }
  return found;
}

function figuresOf(inFlight: number, runs: readonly LoadFigures[]): Figure[] {
  const figures: Figure[] = [
    {
      name: `committed_per_s_${inFlight}`,
      value: median(runs.map(({ perSecond }) => perSecond)),
      unit: "/s",
    },
    { name: `p99_ms_${inFlight}`, value: median(runs.map(({ p99Ms }) => p99Ms)), unit: "ms" },
    { name: `cpu_us_${inFlight}`, value: median(runs.map(({ cpuUs }) => cpuUs)), unit: "us" },
  ];
  return figures.map((figure) => {
    const toReach = TO_REACH[figure.name];
    return toReach === undefined ? figure : { ...figure, toReach };
  });
}

/** One after the other, in a file that is there already: what a log cannot be faster than. */
async function fsyncP50Ms(path: string): Promise<number> {
  const file = await open(path, "w");
  try {
    await file.write(Buffer.alloc(SYNCS * SYNC_BYTES), 0);
    await file.sync();
    const tookMs: number[] = [];
    for (let i = 0; i < SYNCS; i++) {
      await file.write(Buffer.alloc(SYNC_BYTES, i), 0, SYNC_BYTES, i * SYNC_BYTES);
      const startMs = performance.now();
      await file.datasync();
      tookMs.push(performance.now() - startMs);
    }
    return median(tookMs);
  } finally {
    await file.close();
  }
}
