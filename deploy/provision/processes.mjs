/**
 * Processes of this machine, read from /proc: found by what stands on their command line, and
 * told apart from a later process with the same pid by their start time.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20; // Short beside a start of the engine (half a second), and cheap.

/**
 * When the process started, in clock ticks since boot; undefined when it is gone or a zombie.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startTicks(pid) {
  const stat = readOrUndefined(`/proc/${String(pid)}/stat`);
  if (stat === undefined) return undefined;
  // The name may hold blanks and parentheses, so count from its last ")": proc(5), fields 3 and 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/**
 * Pids of live processes that run `program` with `argument` somewhere on their command line.
 * @param {string} program name of the executable, without its folder
 * @param {string} argument
 * @returns {number[]}
 */
export function processesOf(program, argument) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = readOrUndefined(`/proc/${String(pid)}/cmdline`)?.split("\0") ?? [];
      const runs = words[0]?.split("/").at(-1) === program && words.includes(argument);
      return runs && startTicks(pid) !== undefined;
    });
}

/**
 * Pids of the children of `pid`'s first thread: a shim's containers are among them, because orphans
 * go to the first thread of the process that adopts them.
 * @param {number} pid
 * @returns {number[]}
 */
export function childrenOf(pid) {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  return (readOrUndefined(path) ?? "").split(" ").filter(Boolean).map(Number);
}

/**
 * Waits until `condition` holds.
 * @param {() => boolean | Promise<boolean>} condition
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} false when the time ran out first
 */
export async function waitUntil(condition, timeoutMs) {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() >= deadlineMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/**
 * Sends `signal`, waits, and kills what is still there after `graceMs`.
 * @param {readonly number[]} pids
 * @param {NodeJS.Signals} signal
 * @param {number} graceMs
 * @returns {Promise<boolean>} false when even SIGKILL left one behind
 */
export async function endProcesses(pids, signal, graceMs) {
  const gone = () => pids.every((pid) => startTicks(pid) === undefined);
  pids.forEach((pid) => {
    sendSignal(pid, signal);
  });
  if (await waitUntil(gone, graceMs)) return true;
  pids.forEach((pid) => {
    sendSignal(pid, "SIGKILL");
  });
  return waitUntil(gone, graceMs);
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone between being found and being signalled, which is what was wanted.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readOrUndefined(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // The process ended while we looked.
  }
}
