/**
 * Ten minutes in which nothing is lost and everything is slow: two busy loops beside a laboratory of three hosts, and
 * every half minute the manager's whole host stands still for two seconds. No node may go down, no task be replaced.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Laboratory } from "../deploy/lab/laboratory.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { EngineCalls } from "./engine-calls.js";
import { HostContainers } from "./host-containers.js";
import type { Progress } from "./main.js";
import type { Report } from "./report.js";
import { RUN_LABEL } from "./start-events.js";

const RUN = "steady";
const REPLICAS = 6;
const DURATION_MS = 600_000;
const BUSY_LOOPS = 2;
const PAUSE_EVERY_MS = 30_000;
const PAUSE_MS = 2_000;
const LOOK_EVERY_MS = 100;
const START_LIMIT_MS = 60_000;

interface Node {
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string; readonly Message?: string };
}

export async function benchSteady(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skep-steady-"));
  const lab = await Laboratory.up({ dir: folder, hosts: 3, managers: 1, log: progress });
  const containers = await HostContainers.watch(lab.hosts, RUN);
  const api = new EngineCalls(lab.host("host1").skepSocket);
  try {
    await api.call("POST", "/services/create", serviceSpec());
    const all = (): boolean => containers.running.length === REPLICAS;
    await containers.until(all, AbortSignal.timeout(START_LIMIT_MS));
    const before = new Set(containers.running.map(({ id }) => id));
    const end = new AbortController();
    const busy = Array.from({ length: BUSY_LOOPS }, () => busyLoop(end.signal));
    const alarms = new Set<string>();
    const pauses = await disturb({ lab, api, alarms, progress });
    end.abort();
    await Promise.all(busy);
    const lost = [...before].filter((id) => !containers.running.some((one) => one.id === id));
    return {
      bench: "steady",
      figures: [
        { name: "minutes", value: DURATION_MS / 60_000, unit: "count" },
        { name: "pauses", value: pauses, unit: "count", note: `of ${PAUSE_MS / 1000} s each` },
        { name: "nodes_called_down", value: alarms.size, unit: "count", toReach: 0 },
        { name: "tasks_replaced", value: lost.length, unit: "count", toReach: 0 },
      ],
    };
  } finally {
    containers.close();
    api.close();
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Scene {
  readonly lab: Laboratory;
  readonly api: EngineCalls;
  /** Every other state than ready that a node was seen in. */
  readonly alarms: Set<string>;
  readonly progress: Progress;
}

/** @returns how often the manager's host stood still. */
async function disturb({ lab, api, alarms, progress }: Scene): Promise<number> {
  const never = new AbortController().signal;
  const beganMs = systemClock.nowMs();
  let pauses = 0;
  while (systemClock.nowMs() - beganMs < DURATION_MS) {
    const nodes = await api.call<Node[]>("GET", "/nodes");
    for (const { Description, Status } of nodes) {
      if (Status.State === "ready") continue;
      const alarm = `${Description.Hostname} is ${Status.State}: ${Status.Message ?? ""}`;
      if (!alarms.has(alarm)) progress(alarm);
      alarms.add(alarm);
    }
    if (systemClock.nowMs() - beganMs >= (pauses + 1) * PAUSE_EVERY_MS) {
      await lab.pause("host1");
      await systemClock.sleep(PAUSE_MS, never);
      lab.resume("host1");
      pauses++;
      progress(`pause ${pauses}`);
    }
    await systemClock.sleep(LOOK_EVERY_MS, never);
  }
  return pauses;
}

/** A process that keeps a core busy until it is ended. */
function busyLoop(signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function serviceSpec(): object {
  const ContainerSpec = {
    Image: "skep/busybox:1",
    Command: ["sleep", "10000"],
    Labels: { [RUN_LABEL]: RUN },
  };
  return {
    Name: RUN,
    TaskTemplate: { ContainerSpec },
    Mode: { Replicated: { Replicas: REPLICAS } },
  };
}
