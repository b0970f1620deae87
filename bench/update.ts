/**
 * How long a rolling update takes: thirty replicas on three hosts, ten at a time, each watched for a second, to another
 * image. Skep and Docker's Swarm mode do the same in turns, on the same engines, and the engines tell the time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Laboratory } from "../deploy/lab/laboratory.js";
import { EngineCalls } from "./engine-calls.js";
import { HostContainers } from "./host-containers.js";
import type { Progress } from "./main.js";
import { median, type Report } from "./report.js";
import { NEW_IMAGE, OLD_IMAGE, RollingUpdate, type UpdateRound } from "./update/rolling-update.js";
import { SwarmMode } from "./update/swarm-mode.js";

const HOSTS = 3;
/** Measured rounds, each of one update by Skep and one by Docker's Swarm mode. */
const ROUNDS = 5;

export async function benchUpdate(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skep-update-"));
  const lab = await Laboratory.up({ dir: folder, hosts: HOSTS, managers: 1, log: progress });
  try {
    await haveBothImages(lab);
    await using swarm = await SwarmMode.form(lab.hosts);
    const skep = new EngineCalls(lab.host("host1").skepSocket);
    try {
      return await compare({ lab, skep, swarm: swarm.api, progress });
    } finally {
      skep.close();
    }
  } finally {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Scene {
  readonly lab: Laboratory;
  readonly skep: EngineCalls;
  readonly swarm: EngineCalls;
  readonly progress: Progress;
}

async function compare({ lab, skep, swarm, progress }: Scene): Promise<Report> {
  for (const [name, api] of Object.entries({ skep, swarm })) {
    progress(`to warm up: ${name} ${told(await updateOnce(lab, api, `${name}-0`))}`);
  }
  const ours: UpdateRound[] = [];
  const theirs: UpdateRound[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const turns = [
      async () => ours.push(await updateOnce(lab, skep, `skep-${round}`)),
      async () => theirs.push(await updateOnce(lab, swarm, `swarm-${round}`)),
    ];
    // In turns also as to who comes first: what one leaves behind is a burden to the other.
    for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn();
    progress(`round ${round}: Skep ${told(ours.at(-1))}; Docker Swarm ${told(theirs.at(-1))}`);
  }
  return reportOf(ours, theirs);
}

/** Nothing else runs on the engines meanwhile. */
async function updateOnce(lab: Laboratory, api: EngineCalls, run: string): Promise<UpdateRound> {
  const containers = await HostContainers.watch(lab.hosts, run);
  try {
    const update = new RollingUpdate(api, containers, run);
    const round = await update.measure();
    await update.remove();
    return round;
  } finally {
    containers.close();
  }
}

/** The same content under two names. */
async function haveBothImages(lab: Laboratory): Promise<void> {
  const [repo = "", tag = ""] = NEW_IMAGE.split(":");
  for (const { dockerSocket } of lab.hosts) {
    const engine = new EngineCalls(dockerSocket);
    await engine.call("POST", `/images/${OLD_IMAGE}/tag?repo=${repo}&tag=${tag}`);
    engine.close();
  }
}

function reportOf(ours: readonly UpdateRound[], theirs: readonly UpdateRound[]): Report {
  const skep = median(ours.map(({ replacedS }) => replacedS));
  const swarm = median(theirs.map(({ replacedS }) => replacedS));
  const skepCompleted = median(ours.map(({ completedS }) => completedS));
  const swarmCompleted = median(theirs.map(({ completedS }) => completedS));
  const peer = "Docker Swarm on the same engines";
  return {
    bench: "update",
    figures: [
      { name: "skep_s", value: skep, unit: "s" },
      { name: "swarm_s", value: swarm, unit: "s", note: peer },
      { name: "ratio", value: skep / swarm, unit: "x", toReach: 0.8 },
      {
        name: "skep_completed_s",
        value: skepCompleted,
        unit: "s",
        note: "monitor period included",
      },
      { name: "swarm_completed_s", value: swarmCompleted, unit: "s", note: peer },
      { name: "completed_ratio", value: skepCompleted / swarmCompleted, unit: "x", toReach: 0.8 },
    ],
  };
}

function told({ replacedS, completedS }: Partial<UpdateRound> = {}): string {
  return `${String(replacedS?.toFixed(2))} s (completed ${String(completedS?.toFixed(2))} s)`;
}
