/**
 * Takes away what a laboratory has made, in whatever state it is: whole, half made, half gone, left
 * over from before a reboot. Nothing is left when it was there, and nothing is touched that is
 * another's.
 */
import { LabCgroups } from "./cgroups.js";
import { endHolders } from "./holders.js";
import { labName } from "./layout.js";
import { readRecord, removeFiles } from "./record.js";
import type { Patience } from "./until.js";

/** The caller holds the laboratory's lock. */
export async function takeDown(dir: string, patience: Patience): Promise<void> {
  const record = readRecord(dir);
  const cgroups = new LabCgroups(labName(dir));
  await endHolders(dir, [], cgroups, patience);
  await cgroups.remove([], patience);
  if (record !== undefined) removeFiles(dir, record);
}
