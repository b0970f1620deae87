/**
 * A large cluster in everyday use: a thousand services of ten replicas on two hundred nodes, through a manager process as
 * users have it. While it is asked for lists all the time, one service after the other is scaled. The agents are the real
 * ones over real connections, on engines in memory.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { systemClock } from "../shared/ports/system-clock.js";
import { Fleets } from "./agents/fleets.js";
import { ManagerProcess } from "./agents/manager-process.js";
import type { LoopDelay } from "./large/loop-probe.js";
import type { Progress } from "./main.js";
import { median, type Report } from "./report.js";

const AGENTS = 200;
const PROCESSES = 2;
const SERVICES = 1_000;
const REPLICAS = 10;
/** Each scale adds so many. */
const MORE = 5;
const SCALES = 40;
/** A person at a time; a script that makes many services does not wait for each. */
const CREATED_AT_ONCE = 16;
const LIST_EVERY_MS = 250;
const LOOK_EVERY_MS = 10;
/** What takes longer has failed. */
const LIMIT_MS = 300_000;
const NEVER = new AbortController().signal;

interface Everyday {
  readonly listsMs: readonly number[];
  readonly scalesMs: readonly number[];
  readonly delay: LoopDelay;
  readonly cores: number;
}

interface Scene {
  readonly manager: ManagerProcess;
  readonly fleets: Fleets;
}

export async function benchLarge(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skep-large-"));
  // Hosts have disks of their own; here they have memory where there is such a folder.
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const agents = mkdtempSync(join(memory, "skep-large-"));
  const manager = await ManagerProcess.make(folder);
  const scene: Scene = { manager, fleets: new Fleets() };
  try {
    await gather(scene, agents);
    progress(`${AGENTS} agents joined`);
    const filledS = await fill(scene);
    progress(`${SERVICES} services of ${REPLICAS} run after ${filledS.toFixed(1)} s`);
    const everyday = await live(scene);
    return reportOf(filledS, everyday, manager.peakBytes);
  } finally {
    await scene.fleets.end();
    await manager.kill();
    manager.api.close();
    for (const made of [folder, agents]) rmSync(made, { recursive: true, force: true });
  }
}

async function gather({ manager, fleets }: Scene, folder: string): Promise<void> {
  await manager.start();
  const init = { ListenAddr: manager.address, AdvertiseAddr: "127.0.0.1" };
  await manager.api.call("POST", "/swarm/init", init);
  const swarm = await manager.api.call<{ JoinTokens: { Worker: string } }>("GET", "/swarm");
  const token = swarm.JoinTokens.Worker;
  await fleets.join({ address: manager.address, token, agents: AGENTS, folder }, PROCESSES);
  await until(async () => (await fleets.report()).connected === AGENTS);
}

/** @returns seconds from the first request until every replica runs. */
async function fill({ manager, fleets }: Scene): Promise<number> {
  const beganMs = systemClock.nowMs();
  const numbers = Array.from({ length: SERVICES }, (_, i) => i);
  const workers = Array.from({ length: CREATED_AT_ONCE }, async () => {
    for (let next = numbers.shift(); next !== undefined; next = numbers.shift()) {
      await manager.api.call("POST", "/services/create", serviceSpec(next, REPLICAS));
    }
  });
  await Promise.all(workers);
  await until(async () => (await fleets.report()).running === SERVICES * REPLICAS);
  return (systemClock.nowMs() - beganMs) / 1000;
}

/** Lists on and on, while services are scaled one after the other. */
async function live(scene: Scene): Promise<Everyday> {
  const { manager } = scene;
  const ended = new AbortController();
  await manager.loopDelay(); // what was before is not of interest
  const beganMs = systemClock.nowMs();
  const beganCpu = manager.cpuSeconds;
  const listing = listOnAndOn(manager, ended.signal);
  const scalesMs: number[] = [];
  for (let scale = 0; scale < SCALES; scale++) {
    scalesMs.push(await scaleOne(scene, scale));
    await systemClock.sleep(LIST_EVERY_MS, NEVER);
  }
  const delay = await manager.loopDelay();
  const cores = (manager.cpuSeconds - beganCpu) / ((systemClock.nowMs() - beganMs) / 1000);
  ended.abort();
  return { listsMs: await listing, scalesMs, delay, cores };
}

/** As `docker service ls` asks. */
async function listOnAndOn(manager: ManagerProcess, end: AbortSignal): Promise<number[]> {
  const tookMs: number[] = [];
  while (!end.aborted) {
    const beganMs = systemClock.nowMs();
    const listed = await manager.api.call<unknown[]>("GET", "/services?status=true");
    if (listed.length !== SERVICES) throw new Error(`${listed.length} services were listed`);
    tookMs.push(systemClock.nowMs() - beganMs);
    await systemClock.sleep(LIST_EVERY_MS, NEVER);
  }
  return tookMs;
}

/** @returns milliseconds from the request until the engines run as many more. */
async function scaleOne({ manager, fleets }: Scene, number: number): Promise<number> {
  const path = `/services/${nameOf(number)}`;
  const { Version } = await manager.api.call<{ Version: { Index: number } }>("GET", path);
  const wanted = SERVICES * REPLICAS + (number + 1) * MORE;
  const beganMs = systemClock.nowMs();
  const spec = serviceSpec(number, REPLICAS + MORE);
  await manager.api.call("POST", `${path}/update?version=${Version.Index}`, spec);
  await until(async () => (await fleets.report()).running === wanted);
  return systemClock.nowMs() - beganMs;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!(await holds())) await systemClock.sleep(LOOK_EVERY_MS, limit);
}

function reportOf(
  filledS: number,
  { listsMs, scalesMs, delay, cores }: Everyday,
  peakBytes: number,
): Report {
  return {
    bench: "large",
    figures: [
      { name: "filled_s", value: filledS, unit: "s", note: `${SERVICES * REPLICAS} tasks` },
      { name: "service_ls_ms_median", value: median(listsMs), unit: "ms" },
      { name: "service_ls_ms_max", value: Math.max(...listsMs), unit: "ms", toReach: 100 },
      { name: "scale_running_ms_median", value: median(scalesMs), unit: "ms" },
      { name: "scale_running_ms_max", value: Math.max(...scalesMs), unit: "ms", toReach: 1_000 },
      { name: "loop_delay_ms_p999", value: delay.p999Ms, unit: "ms", toReach: 50 },
      { name: "loop_delay_ms_max", value: delay.maxMs, unit: "ms" },
      { name: "manager_cores", value: cores, unit: "x" },
      { name: "manager_peak_mb", value: peakBytes / 2 ** 20, unit: "MB" },
    ],
  };
}

function nameOf(number: number): string {
  return `service-${number}`;
}

function serviceSpec(number: number, replicas: number): object {
  return {
    Name: nameOf(number),
    TaskTemplate: {
      ContainerSpec: { Image: "none", Command: ["sleep", "10000"] },
      Placement: { Constraints: ["node.role==worker"] },
    },
    Mode: { Replicated: { Replicas: replicas } },
  };
}
