/**
 * How long the tasks of a lost host stand still, and how long a cluster takes no writes that lost its leader: cables are
 * pulled in a laboratory of real hosts, and the engines of the others tell when the last replacement runs. Also how long
 * a lost host's surplus runs on once it is back, and whether anything else was touched.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Laboratory } from "../deploy/lab/laboratory.js";
import type { Progress } from "./main.js";
import { LeaderLost, type LeaderRound } from "./recover/leader-lost.js";
import { WorkerLost, type WorkerRound } from "./recover/worker-lost.js";
import { median, type Report } from "./report.js";

/** Enough that no host is lost so often that it counts as flapping for minutes. */
const HOSTS = 5;
const MANAGERS = 3;
const ROUNDS = 20;

export async function benchRecover(progress: Progress): Promise<Report> {
  const workers = await inLaboratory(1, progress, (lab) => loseWorkers(lab, progress));
  const leaders = await inLaboratory(MANAGERS, progress, (lab) => loseLeaders(lab, progress));
  return reportOf(workers, leaders);
}

async function inLaboratory<T>(
  managers: number,
  progress: Progress,
  act: (lab: Laboratory) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "skep-recover-"));
  const lab = await Laboratory.up({ dir: folder, hosts: HOSTS, managers, log: progress });
  try {
    return await act(lab);
  } finally {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function loseWorkers(lab: Laboratory, progress: Progress): Promise<WorkerRound[]> {
  const rounds: WorkerRound[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const victim = `host${2 + (round % (HOSTS - 1))}`;
    const result = await new WorkerLost(lab, `recover-${round}`, victim).measure();
    rounds.push(result);
    progress(
      `${victim} cut off: its tasks ran elsewhere after ${result.lostS.toFixed(2)} s; ` +
        `back: its surplus was gone after ${result.surplusS.toFixed(2)} s`,
    );
  }
  return rounds;
}

async function loseLeaders(lab: Laboratory, progress: Progress): Promise<LeaderRound[]> {
  const rounds: LeaderRound[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const result = await new LeaderLost(lab, `leader-${round}`).measure();
    rounds.push(result);
    progress(
      `the leader ${result.victim} cut off: a write was taken after ${result.writeS.toFixed(2)} s, ` +
        `its tasks ran elsewhere after ${result.tasksS.toFixed(2)} s`,
    );
  }
  return rounds;
}

function reportOf(workers: readonly WorkerRound[], leaders: readonly LeaderRound[]): Report {
  const lost = workers.map(({ lostS }) => lostS);
  const surplus = workers.map(({ surplusS }) => surplusS);
  const write = leaders.map(({ writeS }) => writeS);
  const tasks = leaders.map(({ tasksS }) => tasksS);
  const worker = "Docker Swarm 19.5 s";
  return {
    bench: "recover",
    figures: [
      { name: "worker_lost_s_median", value: median(lost), unit: "s", toReach: 4, note: worker },
      { name: "worker_lost_s_max", value: Math.max(...lost), unit: "s" },
      { name: "surplus_gone_s_median", value: median(surplus), unit: "s" },
      { name: "surplus_gone_s_max", value: Math.max(...surplus), unit: "s", toReach: 10 },
      {
        name: "leader_lost_write_s_median",
        value: median(write),
        unit: "s",
        toReach: 1.5,
        note: "Docker Swarm 15.4 s",
      },
      { name: "leader_lost_write_s_max", value: Math.max(...write), unit: "s" },
      {
        name: "leader_lost_tasks_s_median",
        value: median(tasks),
        unit: "s",
        toReach: 5,
        note: "Docker Swarm 44.3 s",
      },
      { name: "leader_lost_tasks_s_max", value: Math.max(...tasks), unit: "s" },
    ],
  };
}
