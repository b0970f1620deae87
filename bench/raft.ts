/**
 * How many entries three managers commit per second, each in a process of its own, over gRPC and with every promise
 * synced to the disk; proposed inside the leader, where nearly all writes of a scheduler arise.
 * Beside it, in the same run, how many puts etcd does: they come from clients, as etcd's do.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LabError } from "../deploy/lab/lab-error.js";
import type { Progress } from "./main.js";
import { EtcdMembers, provideEtcd } from "./raft/etcd.js";
import type { LoadFigures } from "./raft/member-messages.js";
import { Members } from "./raft/members.js";
import { type Figure, median, type Report } from "./report.js";

const IN_FLIGHT = [1, 16, 64, 256, 1_024] as const;
const ENTRY_BYTES = 256;
const WARM_UP_MS = 1_000;
const DURATION_MS = 3_000;
/** Median of these: other programs share the machine. */
const RUNS = 3;
const SYNCS = 300;
const SYNC_BYTES = 4_096;
const TO_REACH: Readonly<Record<string, number>> = {
  committed_per_s_64: 20_000,
  committed_per_s_256: 30_000,
  p99_ms_256: 25,
  etcd_ratio_64: 2,
  etcd_ratio_256: 2,
};

export async function benchRaft(progress: Progress): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "skep-bench-raft-"));
  try {
    const fsyncMs = await fsyncP50Ms(join(folder, "probe"));
    progress(`fsync: ${fsyncMs.toFixed(2)} ms`);
    const figures: Figure[] = [{ name: "fsync_p50_ms", value: fsyncMs, unit: "ms" }];
    const ours = await loadSkep(join(folder, "skep"), progress);
    const etcds = await loadEtcd(join(folder, "etcd"), progress);
    for (const [inFlight, runs] of ours) {
      figures.push(...figuresOf("", inFlight, runs));
      const others = etcds?.get(inFlight);
      if (others === undefined) continue;
      figures.push(...figuresOf("etcd_", inFlight, others), ratioOf(inFlight, runs, others));
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

/** @returns undefined where there is no etcd, and none can be fetched. */
async function loadEtcd(
  folder: string,
  progress: Progress,
): Promise<ReadonlyMap<number, readonly LoadFigures[]> | undefined> {
  const members = new EtcdMembers();
  try {
    await members.start(await provideEtcd(progress), folder);
    return await eachLoad("etcd", progress, (order) => members.load(order));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    progress(`no etcd to compare with: ${error.message}`);
    return undefined;
  } finally {
    await members.end();
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

function figuresOf(who: string, inFlight: number, runs: readonly LoadFigures[]): Figure[] {
  const rate = who === "" ? "committed_per_s" : `${who}per_s`;
  const found: Figure[] = [
    { name: `${rate}_${inFlight}`, value: perSecondOf(runs), unit: "/s" },
    { name: `${who}p99_ms_${inFlight}`, value: median(runs.map(({ p99Ms }) => p99Ms)), unit: "ms" },
    { name: `${who}cpu_us_${inFlight}`, value: median(runs.map(({ cpuUs }) => cpuUs)), unit: "us" },
  ];
  const clients = runs.map(({ clientCpuUs }) => clientCpuUs).filter((us) => us !== undefined);
  if (clients.length > 0) {
    found.push({ name: `${who}clients_cpu_us_${inFlight}`, value: median(clients), unit: "us" });
  }
  return found.map(withBound);
}

function ratioOf(
  inFlight: number,
  ours: readonly LoadFigures[],
  etcds: readonly LoadFigures[],
): Figure {
  return withBound({
    name: `etcd_ratio_${inFlight}`,
    value: perSecondOf(ours) / perSecondOf(etcds),
    unit: "x",
    note: "ours are proposed inside the leader; etcd's come from clients, on the same cores",
  });
}

function perSecondOf(runs: readonly LoadFigures[]): number {
  return median(runs.map(({ perSecond }) => perSecond));
}

function withBound(figure: Figure): Figure {
  const toReach = TO_REACH[figure.name];
  return toReach === undefined ? figure : { ...figure, toReach };
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
