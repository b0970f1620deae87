/**
 * The demo's tasks as process groups of this machine. A task's folder says which process leads its group; whether
 * that process lives is asked of the kernel.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

import type { SeenTask, TaskView } from "./task-view.js";

export class ProcessView implements TaskView {
  readonly #folder: string;

  /** @param folder that of the demo: `<daemon>/tasks/<cluster>.<node>/<task>` are below it. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async running(): Promise<readonly SeenTask[]> {
    const tasks = await this.#tasks();
    const lives = await Promise.all(tasks.map(({ handle }) => this.#lives(Number(handle))));
    return tasks.filter((_task, index) => lives[index]);
  }

  async count(): Promise<number> {
    return (await this.running()).length;
  }

  kill({ handle }: SeenTask): Promise<void> {
    killGroup(Number(handle));
    return Promise.resolve();
  }

  async removeAll(): Promise<void> {
    for (const { handle } of await this.running()) killGroup(Number(handle));
  }

  async #tasks(): Promise<readonly SeenTask[]> {
    const found: SeenTask[] = [];
    for (const daemon of await entriesOf(this.#folder)) {
      const root = join(this.#folder, daemon, "tasks");
      for (const owner of await entriesOf(root)) {
        for (const taskId of await entriesOf(join(root, owner))) {
          const text = await readFile(join(root, owner, taskId, "process"), "utf8").catch(() => "");
          const [pid = ""] = text.split(" ");
          const nodeId = owner.slice(owner.indexOf(".") + 1);
          if (pid !== "") found.push({ taskId, nodeId, handle: pid });
        }
      }
    }
    return found;
  }

  /** A pid may be another's by now: where the kernel tells, ours is at work in the demo's folder. */
  async #lives(pid: number): Promise<boolean> {
    try {
      process.kill(pid, 0);
      if (process.platform !== "linux") return true;
      return (await readlink(`/proc/${pid}/cwd`)).startsWith(`${this.#folder}/`);
    } catch {
      return false; // gone, or a zombie, which has no folder any more
    }
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone since we looked
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // a socket, a log, or not there (yet)
  }
}
