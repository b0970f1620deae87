/** Makes a laboratory, step by step, and tells what it has come to. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Clock } from "../../shared/ports/clock.js";
import { callEngine } from "../provision/engine-api.mjs";
import { IMAGE, importImage, packImage } from "../provision/image.mjs";
import { switchOn } from "./boot.js";
import { SKEP, SKEPD } from "./built-programs.js";
import { LabCgroups } from "./cgroups.js";
import type { HostDaemons } from "./daemons.js";
import { provideEngine } from "./engine-release.js";
import { formCluster } from "./form-cluster.js";
import { startHolder } from "./holders.js";
import { hostsOf, type LabHost, labName, SWITCH } from "./layout.js";
import { makeSwitch } from "./network.js";
import { type LabRecord, scratchFolder, writeRecord } from "./record.js";
import type { Patience } from "./until.js";

/** A step takes a second or two; on a busy machine with many hosts, far longer. */
const STEP_LIMIT_MS = 120_000;

export interface Raising {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** @throws LabError with what stands in the way; whatever was made by then is still there. */
export async function raise(dir: string, record: LabRecord, raising: Raising): Promise<void> {
  const { clock, signal, log } = raising;
  const patience: Patience = { clock, signal, limitMs: STEP_LIMIT_MS };
  const step = async <T>(act: () => Promise<T>, told: (outcome: T) => string): Promise<T> => {
    const beganMs = clock.nowMs();
    const outcome = await act();
    log(`${((clock.nowMs() - beganMs) / 1000).toFixed(1).padStart(5)} s  ${told(outcome)}`);
    return outcome;
  };
  const hosts = hostsOf(dir, record.hosts);
  await provideEngine(record.engine, raising);
  const names = hosts.map(({ name }) => name).join(", ");
  writePrograms(dir);
  const tar = packImage(scratchFolder(dir));
  tar.catch(() => undefined); // heard of where it is awaited
  const daemons = await step(
    () => makeHosts(dir, record, patience),
    () => `hosts made and plugged into the switch: ${names}`,
  );
  await step(
    () => startEngines(hosts, daemons, { tar, patience }),
    (version) => `engines answer (Docker ${version}) and have the image ${IMAGE}`,
  );
  await step(
    () => Promise.all([...daemons.values()].map((host) => host.start("skepd", patience))),
    () => "skepds answer",
  );
  if (record.managers > 0) {
    await step(
      () => formCluster(hosts, record.managers, patience),
      () =>
        `cluster formed: ${counted(record.managers, "manager")}, ${counted(hosts.length, "node")} ready`,
    );
  }
  writeRecord(dir, { ...record, made: "whole" });
}

async function makeHosts(
  dir: string,
  { hosts: count, ...settings }: LabRecord,
  patience: Patience,
): Promise<ReadonlyMap<string, HostDaemons>> {
  const cgroups = new LabCgroups(labName(dir));
  cgroups.make(SWITCH);
  const switchPid = await startHolder(dir, SWITCH, cgroups, patience);
  await makeSwitch(switchPid, patience.signal);
  const hosts = hostsOf(dir, count);
  const made = hosts.map(async (host) => {
    const around = { dir, cgroups, switchPid, hosts, settings };
    return [host.name, await switchOn(host, around, patience)] as const;
  });
  return new Map(await Promise.all(made));
}

/** @returns their version. */
async function startEngines(
  hosts: readonly LabHost[],
  daemons: ReadonlyMap<string, HostDaemons>,
  { tar, patience }: { readonly tar: Promise<Buffer>; readonly patience: Patience },
): Promise<string> {
  const started = hosts.map(async ({ name, dockerSocket }) => {
    await daemons.get(name)?.start("dockerd", patience);
    await importImage(dockerSocket, await tar);
    const { text } = await callEngine(dockerSocket, { method: "GET", path: "/version" });
    return (JSON.parse(text) as { readonly Version: string }).Version;
  });
  return (await Promise.all(started))[0] ?? "";
}

/** `skep` and `skepd` for whoever is on a host, whether or not this machine has them installed. */
function writePrograms(dir: string): void {
  const folder = join(dir, "bin");
  mkdirSync(folder, { recursive: true });
  for (const [name, program] of Object.entries({ skep: SKEP, skepd: SKEPD })) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(path, 0o755);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
