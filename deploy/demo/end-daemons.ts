/** Ends daemons by their process ids: also stopped ones, and also those that an earlier run left behind. */
import type { Clock } from "../../shared/ports/clock.js";

/** A daemon ends in a fraction of a second; one that does not is killed. */
const END_LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 20;
const NEVER = new AbortController().signal;

/** Resolves once none of them is there. */
export async function endDaemons(pids: readonly number[], clock: Clock): Promise<void> {
  for (const signal of ["SIGCONT", "SIGTERM"] as const) signalAll(pids, signal);
  const deadlineMs = clock.nowMs() + END_LIMIT_MS;
  while (pids.some(isAlive)) {
    if (clock.nowMs() > deadlineMs) signalAll(pids, "SIGKILL");
    await clock.sleep(LOOK_EVERY_MS, NEVER);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone already
    }
  }
}
