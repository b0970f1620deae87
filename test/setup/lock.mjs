/**
 * A lock between processes, held through flock(1): the kernel frees it however its holder ends, so
 * there is no stale lock to recognise. Node has no flock of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

// A fresh machine downloads and unpacks 100 MB of packages while others wait.
const LOCK_WAIT_S = 900;

/**
 * Runs `work` while no other process holds the lock on `path`.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  // `cat` lives until our end of its input closes, which also happens when this process is killed.
  const args = ["--exclusive", "--wait", String(LOCK_WAIT_S), path, "sh", "-c", "echo; exec cat"];
  // Detached, because a Ctrl-C in the terminal must not free the lock under our hands.
  const holder = spawn("flock", args, { stdio: ["pipe", "pipe", "ignore"], detached: true });
  const ended = once(holder, "exit");
  const held = once(holder.stdout, "data").then(() => "held");
  if ((await Promise.race([held, ended])) !== "held") {
    throw new Error(`could not lock ${path} within ${String(LOCK_WAIT_S)} s`);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
