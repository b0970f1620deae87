/**
 * What is needed to clear a demo away, kept in its folder: the demo itself does it at its end, `--stop` does it for
 * demos that were left running or were killed.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Clock } from "../../shared/ports/clock.js";
import { ContainerView } from "./container-view.js";
import { dockerAt } from "./docker-at.js";
import { endDaemons, isAlive } from "./end-daemons.js";
import { type DemoImage, removeImage } from "./find-image.js";
import { ProcessView } from "./process-view.js";
import type { TaskView } from "./task-view.js";

export const FOLDER_PREFIX = "skep-demo-";
const FILE = "demo.json";

export interface DemoRecord {
  readonly folder: string;
  /** Of the demo itself: while it lives, nobody else clears up. Absent once it was left running. */
  readonly ownerPid?: number;
  readonly daemonPids: readonly number[];
  /** Absent until there is a cluster. */
  readonly clusterId?: string;
  /** Absent where tasks are processes. */
  readonly docker?: { readonly socket: string; readonly image: DemoImage };
}

export function writeRecord(record: DemoRecord): void {
  const path = join(record.folder, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(record));
  renameSync(`${path}.new`, path);
}

/** Those whose demo has ended. */
export function abandonedDemos(): DemoRecord[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(FOLDER_PREFIX))
    .flatMap((name) => {
      try {
        const text = readFileSync(join(tmpdir(), name, FILE), "utf8");
        return [JSON.parse(text) as DemoRecord];
      } catch {
        return []; // no demo's, or another user's
      }
    })
    .filter(({ ownerPid }) => ownerPid === undefined || !isAlive(ownerPid));
}

export function viewOf({ folder, docker, clusterId }: DemoRecord): TaskView {
  return docker === undefined || clusterId === undefined
    ? new ProcessView(folder)
    : new ContainerView(docker.socket, clusterId);
}

/** The daemons first: they would replace what is removed under their hands. */
export async function clearAway(record: DemoRecord, clock: Clock): Promise<void> {
  const pids = record.daemonPids.filter((pid) => isDaemonOf(record.folder, pid));
  await endDaemons(pids, clock);
  await viewOf(record).removeAll();
  if (record.docker !== undefined) {
    await removeImage(dockerAt(record.docker.socket), record.docker.image);
  }
  rmSync(record.folder, { recursive: true, force: true });
}

/** A pid may be another's by now; a daemon of ours names its folder on its command line. */
function isDaemonOf(folder: string, pid: number): boolean {
  if (process.platform !== "linux") return isAlive(pid);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
  } catch {
    return false;
  }
}
