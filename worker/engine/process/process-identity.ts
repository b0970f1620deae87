/**
 * Who a process is. A pid alone says nothing: after it has ended another may get the same
 * one. A pid with the time at which it started, and the boot of the host in which it did,
 * names one process for ever.
 */
import { readFile } from "node:fs/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start in clock ticks since the boot; `unknown` on a host without /proc. */
  readonly started: string;
}

export const UNKNOWN_START = "unknown";

/**
 * Whether this very process lives. Without /proc a live pid is taken for it: to start a task twice
 * would be the greater harm.
 */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!answersSignals(identity.pid)) return false;
  if (identity.started === UNKNOWN_START) return true;
  return (await startOf(identity.pid)) === identity.started;
}

/** @returns undefined where no such process runs (a zombie does not) or the host has no /proc. */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // proc(5): the second field, the name in parentheses, may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    const start = fields[22 - 3];
    if (state === "Z" || start === undefined) return undefined;
    return `${boot.trim()}:${start}`;
  } catch {
    return undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it lives, as another user.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Sends to the whole group that `identity` leads, unless it has ended. */
export async function signalGroup(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<void> {
  if (!(await isAlive(identity))) return;
  try {
    process.kill(-identity.pid, signal);
  } catch (cause) {
    // ESRCH: it ended since we looked.
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}
