/**
 * The processes that tasks of the process engine run as, found in /proc by where they run: below
 * the data folder of their daemon. What Skep says of them is what is under test.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

import { startTicks } from "../../deploy/provision/processes.mjs";

export interface TaskProcess {
  readonly pid: number;
  /** Tells it from a later process with the same pid. */
  readonly started: string;
  readonly taskId: string;
  /** `wrapper`: Skep's own shell around the command. */
  readonly kind: "wrapper" | "command";
  readonly argv: readonly string[];
}

/** Live ones, sorted by pid. */
export async function taskProcesses(dataDir: string): Promise<TaskProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => look(pid, join(dataDir, "tasks"))));
  return found.filter((one) => one !== undefined).sort((a, b) => a.pid - b.pid);
}

/** Only the tasks' own commands. */
export async function taskCommands(dataDir: string): Promise<TaskProcess[]> {
  return (await taskProcesses(dataDir)).filter(({ kind }) => kind === "command");
}

/** What a test leaves behind; new ones may come while it looks, so it looks until there is none. */
export async function killTaskProcesses(dataDir: string): Promise<void> {
  for (;;) {
    const left = await taskProcesses(dataDir);
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function look(pid: number, tasksFolder: string): Promise<TaskProcess | undefined> {
  try {
    const cwd = (await readlink(`/proc/${pid}/cwd`)).replace(/ \(deleted\)$/, "");
    if (!cwd.startsWith(`${tasksFolder}/`)) return undefined;
    const [, taskId = "", within] = cwd.slice(tasksFolder.length + 1).split("/");
    const started = startTicks(pid);
    if (started === undefined) return undefined;
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
    return { pid, started, taskId, kind: within === undefined ? "wrapper" : "command", argv };
  } catch {
    return undefined; // it ended while we looked, or is not ours to look at
  }
}
