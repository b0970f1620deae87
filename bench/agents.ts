/**
 * A thousand agents on one manager: how long until all have found it again after it was killed, how fresh what it
 * hears of them is, and what that costs it. The agents are the real ones over real connections, on engines in memory.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { systemClock } from "../shared/ports/system-clock.js";
import { Fleets } from "./agents/fleets.js";
import { ManagerProcess } from "./agents/manager-process.js";
import type { Progress } from "./main.js";
import { median, type Report } from "./report.js";

const AGENTS = 1_000;
const PROCESSES = 4;
const REPLICAS = 3_000;
const RESTARTS = 3;
/** How long the manager is away. */
const AWAY_MS = 2_000;
/** Watched in peace, for what it costs and how fresh it is. */
const CALM_MS = 20_000;
const LOOK_EVERY_MS = 50;
const SAMPLE_EVERY_MS = 100;
/** What takes longer has failed. */
const LIMIT_MS = 120_000;
const MIB = 2 ** 20;

interface Calm {
  readonly agesMs: readonly number[];
  /** The most that were without a session at one look. */
  readonly lost: number;
  readonly cores: number;
}

export async function benchAgents(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skep-agents-"));
  // A thousand hosts have a thousand disks; here they have memory where there is such a folder.
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const agents = mkdtempSync(join(memory, "skep-agents-"));
  const manager = await ManagerProcess.make(folder);
  const fleets = new Fleets();
  try {
    return await measure(manager, fleets, { folder: agents, progress });
  } finally {
    await fleets.end();
    await manager.kill();
    manager.api.close();
    for (const made of [folder, agents]) rmSync(made, { recursive: true, force: true });
  }
}

async function measure(
  manager: ManagerProcess,
  fleets: Fleets,
  { folder, progress }: { readonly folder: string; readonly progress: Progress },
): Promise<Report> {
  const joinS = await gather(manager, fleets, folder);
  progress(`${AGENTS} agents joined and connected in ${joinS.toFixed(1)} s`);
  await manager.api.call("POST", "/services/create", serviceSpec());
  await until(async () => (await fleets.report()).running === REPLICAS);
  progress(`${REPLICAS} tasks run`);
  // Two hundred and fifty agents of one process start three tasks each at once; hosts do not share one.
  await until(() => allAreReady(manager, fleets));
  const calm = await rest(manager, fleets);
  const restarts: { readonly tookS: number; readonly peakBytes: number; readonly calm: Calm }[] =
    [];
  for (let restart = 1; restart <= RESTARTS; restart++) {
    const tookS = await restartOnce(manager, fleets);
    restarts.push({ tookS, calm: await rest(manager, fleets), peakBytes: manager.peakBytes });
    progress(`restart ${restart}: all connected after ${tookS.toFixed(2)} s`);
  }
  const calms = [calm, ...restarts.map((restart) => restart.calm)];
  const { started, running } = await fleets.report();
  const touched = started - REPLICAS + (REPLICAS - running);
  const lost = Math.max(...calms.map((one) => one.lost));
  const ages = calms.flatMap(({ agesMs }) => agesMs).sort((a, b) => a - b);
  const tookS = restarts.map((restart) => restart.tookS);
  const peakMb = Math.max(...restarts.map(({ peakBytes }) => peakBytes)) / MIB;
  return {
    bench: "agents",
    figures: [
      { name: "joined_s", value: joinS, unit: "s", note: `${AGENTS} at once` },
      { name: "reconnected_s_median", value: median(tookS), unit: "s", toReach: 10 },
      { name: "reconnected_s_max", value: Math.max(...tookS), unit: "s", toReach: 10 },
      { name: "heartbeat_age_ms_p99", value: percentile(ages, 99), unit: "ms", toReach: 1_000 },
      { name: "sessions_lost", value: lost, unit: "count", toReach: 0 },
      { name: "tasks_touched", value: touched, unit: "count", toReach: 0 },
      {
        name: "manager_cores",
        value: median(calms.map(({ cores }) => cores)),
        unit: "x",
        toReach: 1,
      },
      { name: "manager_peak_mb", value: peakMb, unit: "MB", toReach: 1_024 },
    ],
  };
}

/** @returns seconds until all had a session. */
async function gather(manager: ManagerProcess, fleets: Fleets, folder: string): Promise<number> {
  await manager.start();
  const init = { ListenAddr: manager.address, AdvertiseAddr: "127.0.0.1" };
  await manager.api.call("POST", "/swarm/init", init);
  const swarm = await manager.api.call<{ JoinTokens: { Worker: string } }>("GET", "/swarm");
  const token = swarm.JoinTokens.Worker;
  const beganMs = systemClock.nowMs();
  await fleets.join({ address: manager.address, token, agents: AGENTS, folder }, PROCESSES);
  await until(() => allAreReady(manager, fleets));
  return (systemClock.nowMs() - beganMs) / 1000;
}

/** @returns seconds from the start of the new process until all had a session again. */
async function restartOnce(manager: ManagerProcess, fleets: Fleets): Promise<number> {
  await manager.kill();
  await systemClock.sleep(AWAY_MS, new AbortController().signal);
  const beganMs = systemClock.nowMs();
  await manager.start();
  await until(() => allAreReady(manager, fleets));
  return (systemClock.nowMs() - beganMs) / 1000;
}

async function rest(manager: ManagerProcess, fleets: Fleets): Promise<Calm> {
  const agesMs: number[] = [];
  let lost = 0;
  const beganMs = systemClock.nowMs();
  const beganCpu = manager.cpuSeconds;
  while (systemClock.nowMs() - beganMs < CALM_MS) {
    const { connected, heartbeatAgesMs } = await fleets.report();
    lost = Math.max(lost, AGENTS - connected);
    agesMs.push(...heartbeatAgesMs);
    await systemClock.sleep(SAMPLE_EVERY_MS, new AbortController().signal);
  }
  const tookS = (systemClock.nowMs() - beganMs) / 1000;
  return { agesMs, lost, cores: (manager.cpuSeconds - beganCpu) / tookS };
}

/** By the agents' word and by the manager's. */
async function allAreReady(manager: ManagerProcess, fleets: Fleets): Promise<boolean> {
  if ((await fleets.report()).connected < AGENTS) return false;
  const nodes = await manager.api.call<{ Status: { State: string } }[]>("GET", "/nodes");
  return nodes.filter(({ Status }) => Status.State === "ready").length > AGENTS;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!(await holds())) await systemClock.sleep(LOOK_EVERY_MS, limit);
}

function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.floor((ascending.length * percent) / 100)] ?? Number.NaN;
}

function serviceSpec(): object {
  return {
    Name: "many",
    TaskTemplate: {
      ContainerSpec: { Image: "none", Command: ["sleep", "10000"] },
      Placement: { Constraints: ["node.role==worker"] },
    },
    Mode: { Replicated: { Replicas: REPLICAS } },
  };
}
