/**
 * Who uses the tests' own engine. Each use is a file that names its process; the last one to leave
 * stops the engine, unless it was started to stay (`pinned`). A process that died without leaving
 * counts for nothing. Callers hold the lock.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startTicks } from "../../deploy/provision/processes.mjs";

let uses = 0; // Several parts of one process may each use the engine.

/**
 * Enters this process as a user.
 * @param {string} folder
 * @returns {string} what to hand to `dropLease`
 */
export function takeLease(folder) {
  uses += 1;
  const { pid } = process;
  const lease = join(usersOf(folder), `${String(pid)}-${startTicks(pid) ?? ""}-${String(uses)}`);
  mkdirSync(usersOf(folder), { recursive: true });
  writeFileSync(lease, "");
  return lease;
}

/** @param {string} lease */
export function dropLease(lease) {
  rmSync(lease, { force: true });
}

/**
 * Whether someone still uses the engine; entries of the dead are cleared away.
 * @param {string} folder
 * @returns {boolean}
 */
export function isInUse(folder) {
  if (!existsSync(usersOf(folder))) return false;
  const names = readdirSync(usersOf(folder));
  const alive = names.filter((name) => {
    const [pid, ticks] = name.split("-");
    return startTicks(Number(pid)) === ticks;
  });
  for (const name of names) if (!alive.includes(name)) rmSync(join(usersOf(folder), name));
  return alive.length > 0;
}

/** @param {string} folder */
export function pin(folder) {
  writeFileSync(pinOf(folder), "");
}

/** @param {string} folder */
export function unpin(folder) {
  rmSync(pinOf(folder), { force: true });
}

/**
 * @param {string} folder
 * @returns {boolean}
 */
export function isPinned(folder) {
  return existsSync(pinOf(folder));
}

/** @param {string} folder */
function usersOf(folder) {
  return join(folder, "users");
}

/** @param {string} folder */
function pinOf(folder) {
  return join(folder, "pinned");
}
