/**
 * What is kept on disk for each task with networks: its `resolv.conf`, which its container has
 * mounted, and which process it is, so that the next daemon finds its namespace before the engine
 * has said anything.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { makePrivateFolder, readIfThere, replaceFile } from "../../shared/durable-file.js";
import type { TaskId } from "../../shared/model/ids.js";
import {
  isAlive,
  type ProcessIdentity,
  startOf,
  UNKNOWN_START,
} from "../engine/process/process-identity.js";
import type { TaskNames } from "./network-plane.js";

export interface TaskRecord {
  readonly resolvers: readonly string[];
  /** Once it runs. */
  readonly process?: ProcessIdentity;
}

/** A container's user must be able to read it, whoever that is. */
const RESOLV_MODE = 0o644;
/**
 * What it asks first is what is asked; and a question that was lost on the way is asked again soon.
 */
const OPTIONS = ["ndots:1", "timeout:1", "attempts:2"];
/** As the resolver library: `MAXNS` of resolv.h. */
const NAMESERVERS_MAX = 3;

export class TaskFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the path of its `resolv.conf` */
  async prepare(
    taskId: TaskId,
    { resolvers, search, options }: TaskNames,
    gateways: readonly string[],
  ): Promise<string> {
    const folder = join(this.#folder, taskId);
    await makePrivateFolder(this.#folder);
    await mkdir(folder, { recursive: true });
    const path = join(folder, "resolv.conf");
    // In place: the container of a task that is prepared again may have it mounted already.
    const lines = [
      ...gateways.slice(0, NAMESERVERS_MAX).map((gateway) => `nameserver ${gateway}`),
      ...(search.length === 0 ? [] : [`search ${search.join(" ")}`]),
      // The last word on an option holds, and that is the user's.
      `options ${[...OPTIONS, ...options].join(" ")}`,
    ];
    await writeFile(path, lines.map((line) => `${line}\n`).join(""), { mode: RESOLV_MODE });
    await this.#write(taskId, { resolvers });
    return path;
  }

  async running(taskId: TaskId, record: TaskRecord, pid: number): Promise<void> {
    const started = (await startOf(pid)) ?? UNKNOWN_START;
    await this.#write(taskId, { ...record, process: { pid, started } });
  }

  /** Of the tasks that still run; what there is of others is removed. */
  async restore(): Promise<ReadonlyMap<TaskId, TaskRecord>> {
    const records = new Map<TaskId, TaskRecord>();
    for (const name of await entriesOf(this.#folder)) {
      const taskId = name as TaskId;
      const text = await readIfThere(this.#recordPath(taskId));
      const record = text === undefined ? undefined : (JSON.parse(text) as TaskRecord);
      const hasEnded = record?.process !== undefined && !(await isAlive(record.process));
      if (record === undefined || hasEnded) await this.remove(taskId);
      else records.set(taskId, record);
    }
    return records;
  }

  async remove(taskId: TaskId): Promise<void> {
    await rm(join(this.#folder, taskId), { recursive: true, force: true });
  }

  #recordPath(taskId: TaskId): string {
    return join(this.#folder, taskId, "task.json");
  }

  async #write(taskId: TaskId, record: TaskRecord): Promise<void> {
    await replaceFile(this.#recordPath(taskId), JSON.stringify(record), "soon");
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // none yet
  }
}
