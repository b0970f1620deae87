/** A host on its own: switched on, and everything on it started; switched off at one stroke. */
import type { LabCgroups } from "./cgroups.js";
import { type EngineSettings, HostDaemons } from "./daemons.js";
import { furnish } from "./furnish.js";
import { startHolder } from "./holders.js";
import type { LabHost } from "./layout.js";
import { plugIn } from "./network.js";
import type { Patience } from "./until.js";

export interface Surroundings {
  readonly dir: string;
  readonly cgroups: LabCgroups;
  readonly switchPid: number;
  /** All of them: each knows the others by name. */
  readonly hosts: readonly LabHost[];
  readonly settings: EngineSettings;
}

/** Resolves once it is in the network. None of its daemons runs yet. */
export async function switchOn(
  host: LabHost,
  { dir, cgroups, switchPid, hosts, settings }: Surroundings,
  patience: Patience,
): Promise<HostDaemons> {
  cgroups.make(host.name);
  const pid = await startHolder(dir, host.name, cgroups, patience);
  const door = { host: host.name, pid, cgroups };
  await plugIn(switchPid, host, pid, patience.signal);
  await furnish(host, hosts, door, patience.signal);
  return new HostDaemons(host, door, settings);
}
