/**
 * One daemon per data folder: two that append to one log would destroy it. The lock names a process
 * by pid and start time, so that it dies with its holder, whatever killed it.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { readIfThere, replaceFile } from "../shared/durable-file.js";
import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import { isAlive, startOf, UNKNOWN_START } from "../worker/engine/process/process-identity.js";

const FILE = "skepd.pid";

/** @throws FailedPreconditionError another daemon that lives uses the folder. */
export async function lockDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  const [holder = "", started = ""] = ((await readIfThere(path)) ?? "").trim().split(" ");
  const pid = Number(holder);
  if (pid > 0 && pid !== process.pid && (await isAlive({ pid, started }))) {
    throw new FailedPreconditionError(
      `another skepd (process ${pid}) uses ${dataDir}: stop it, or name another folder with --data-dir`,
    );
  }
  const own = `${process.pid} ${(await startOf(process.pid)) ?? UNKNOWN_START}\n`;
  await replaceFile(path, own, "durable");
}
