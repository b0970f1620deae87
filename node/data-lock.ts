/**
 * One daemon per data folder: two that append to one log would destroy it. The lock is the kernel's
 * (flock(2)), so that it is never held by two who start at the same moment, and dies with its
 * holder, whatever killed it. Node cannot ask for it: flock(1) does, on a descriptor that it is
 * given, and what it locks stays locked until we close ours.
 *
 * Where there is no flock(1) the file says who has the folder, by pid and start time. That tells
 * two daemons apart, but not two that start within the same milliseconds.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import { isAlive, startOf, UNKNOWN_START } from "../worker/engine/process/process-identity.js";

const FILE = "skepd.pid";
const FILE_MODE = 0o600;
/** flock(1) with `-n`: somebody else has the lock. */
const HELD_EXIT_CODE = 1;

export interface DataLock {
  /** Once is enough; again does nothing. */
  release(): void;
}

/** @throws FailedPreconditionError another daemon that lives uses the folder. */
export async function lockDataDir(dataDir: string): Promise<DataLock> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  try {
    const holder = readFileSync(path, "utf8").trim();
    const outcome = await tryLock(file);
    const held = outcome === "held" || (outcome === "unknown" && (await livesElsewhere(holder)));
    if (held) throw inUse(dataDir, readFileSync(path, "utf8").trim());
    const own = `${process.pid} ${(await startOf(process.pid)) ?? UNKNOWN_START}\n`;
    // In place: another file would have another lock.
    ftruncateSync(file);
    writeSync(file, own, 0);
    return heldUntilReleased(file);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function heldUntilReleased(file: number): DataLock {
  let held = true;
  return {
    release: () => {
      if (held) closeSync(file);
      held = false; // by now the number may be another file's
    },
  };
}

function tryLock(file: number): Promise<"locked" | "held" | "unknown"> {
  return new Promise((resolve) => {
    const flock = spawn("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "ignore", file] });
    flock.on("error", () => resolve("unknown"));
    flock.on("exit", (code) => {
      if (code === 0) resolve("locked");
      else resolve(code === HELD_EXIT_CODE ? "held" : "unknown");
    });
  });
}

async function livesElsewhere(holder: string): Promise<boolean> {
  const [pid, started = UNKNOWN_START] = holder.split(" ");
  // Of ourselves we know that we have just begun.
  if (Number(pid) === process.pid && started === UNKNOWN_START) return false;
  return Number(pid) > 0 && (await isAlive({ pid: Number(pid), started }));
}

function inUse(dataDir: string, holder: string): FailedPreconditionError {
  const [pid = ""] = holder.split(" ");
  const who = pid === "" ? "another skepd" : `another skepd (process ${pid})`;
  return new FailedPreconditionError(
    `${who} uses ${dataDir}: stop it, or name another folder with --data-dir`,
  );
}
