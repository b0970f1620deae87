/**
 * The files of one task of the process engine: its launch plan, who its wrapper is, how
 * it ended, and the newest of its output. All that is known of a process is here, so that
 * any daemon can pick it up.
 */
import { chown, mkdir, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { readIfThere, replaceFile } from "../../../shared/durable-file.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { LaunchPlan } from "./core/launch-plan.js";
import type { ProcessIdentity } from "./process-identity.js";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface StoredTask {
  readonly plan: LaunchPlan;
  readonly owner?: Owner;
}

/** Where a task runs whose spec names no directory. */
export const WORK_DIR = "work";

export class TaskFolder {
  readonly path: string;

  constructor(root: string, taskId: TaskId) {
    this.path = join(root, taskId);
  }

  get #workDir(): string {
    return join(this.path, WORK_DIR);
  }

  get outputPath(): string {
    return join(this.path, "output.log");
  }

  async create(task: StoredTask): Promise<void> {
    await mkdir(this.#workDir, { recursive: true, mode: 0o755 });
    if (task.owner !== undefined) {
      // The wrapper runs as that user, and writes here.
      await chown(this.path, task.owner.uid, task.owner.gid);
      await chown(this.#workDir, task.owner.uid, task.owner.gid);
    }
    await replaceFile(join(this.path, "task.json"), JSON.stringify(task), "soon");
  }

  /** @returns undefined where the task was never prepared. */
  async readTask(): Promise<StoredTask | undefined> {
    const text = await readIfThere(join(this.path, "task.json"));
    return text === undefined ? undefined : (JSON.parse(text) as StoredTask);
  }

  /** @returns undefined before the wrapper has said who it is. */
  async readIdentity(): Promise<ProcessIdentity | undefined> {
    const text = await readIfThere(join(this.path, "process"));
    const [pid, started] = (text ?? "").trim().split(" ");
    if (pid === undefined || started === undefined) return undefined;
    return { pid: Number(pid), started };
  }

  /** Whether the command has begun, so that a signal to its group reaches it. */
  async hasBegun(): Promise<boolean> {
    return (await readIfThere(join(this.path, "begun"))) !== undefined;
  }

  /**
   * @returns undefined while the command runs, and where its wrapper was
   *   killed before it could tell.
   */
  async readExitCode(): Promise<number | undefined> {
    const text = (await readIfThere(join(this.path, "exit")))?.trim() ?? "";
    return text === "" ? undefined : Number(text);
  }

  async writeExitCode(exitCode: number): Promise<void> {
    await writeFile(join(this.path, "exit"), `${exitCode}\n`);
  }

  /** @returns a descriptor that appends; the caller closes it. */
  openOutput(): ReturnType<typeof open> {
    return open(this.outputPath, "a", 0o600);
  }

  /**
   * Keeps the newest output within `limitBytes`: half of it in the file that grows, half in the one
   * before. The file is copied and cut, not renamed, because the task holds it open; what the task
   * writes between the two is lost, which a bound on a busy writer's output may cost.
   */
  async boundOutput(limitBytes: number): Promise<void> {
    const sizeBytes = (await stat(this.outputPath).catch(() => undefined))?.size ?? 0;
    const keptBytes = Math.floor(limitBytes / 2);
    if (sizeBytes <= keptBytes) return;
    const file = await open(this.outputPath, "r+");
    try {
      const kept = Buffer.alloc(keptBytes);
      const { bytesRead } = await file.read(kept, 0, keptBytes, sizeBytes - keptBytes);
      await writeFile(`${this.outputPath}.1`, kept.subarray(0, bytesRead), { mode: 0o600 });
      await file.truncate(0);
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export async function listTaskFolders(root: string): Promise<TaskId[]> {
  try {
    return (await readdir(root)) as TaskId[];
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}
