/**
 * A Docker engine for tests and demo: the one that is there, or else, as root on Debian, one of our
 * own with its own folder and socket, installed and started when missing.
 *
 * Ownership: an engine that was there is never stopped. One that a process started is shared
 * with all who ask while it runs; the last to call `stop()` stops it, so that nobody loses it
 * under their hands. `node test/setup/engine.mjs` starts one to stay, `node
 * test/setup/engine.mjs stop` ends it.
 *
 * Nothing but node is needed: this runs before `npm ci`.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { pingEngine } from "../../deploy/provision/engine-api.mjs";
import { ensureImage, IMAGE } from "../../deploy/provision/image.mjs";
import { ENGINE_PACKAGES, hasApt, installMissing } from "../../deploy/provision/packages.mjs";
import { enginePaths, isServing, startDockerd, stopDockerd } from "./dockerd.mjs";
import { dropLease, isInUse, isPinned, pin, takeLease, unpin } from "./leases.mjs";
import { withLock } from "./lock.mjs";

const SYSTEM_SOCKET = "/var/run/docker.sock";
const DEFAULT_FOLDER = "/var/lib/skep-test-engine";

// Bits of CapEff, capabilities(7): without them dockerd cannot mount nor make bridges.
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/**
 * @typedef {(line: string) => void} Log
 * @typedef {{
 *   readonly kind: "ready",
 *   readonly socket: string,
 *   readonly started: boolean,
 *   stop(): Promise<void>,
 * }} ReadyEngine
 * @typedef {{ readonly kind: "unavailable", readonly reason: string }} UnavailableEngine
 */

/**
 * An engine that answers and has the image `skep/busybox:1`, or the reason why there is none.
 * `started` says whether this call started it. Call `stop()` once when done, whatever it says.
 * @param {{ log?: Log }} [options]
 * @returns {Promise<ReadyEngine | UnavailableEngine>}
 */
export async function ensureEngine({ log = () => {} } = {}) {
  try {
    return (await engineThatIsThere(log)) ?? (await engineOfOurOwn(log));
  } catch (error) {
    return { kind: "unavailable", reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {Log} log
 * @returns {Promise<ReadyEngine | UnavailableEngine | undefined>}
 */
async function engineThatIsThere(log) {
  const named = process.env["SKEP_TEST_ENGINE_SOCKET"];
  const socket = named ?? SYSTEM_SOCKET;
  if (!(await pingEngine(socket))) {
    if (named === undefined) return undefined;
    // Someone chose it: to quietly test against another one would be a lie.
    return { kind: "unavailable", reason: `no engine answers at SKEP_TEST_ENGINE_SOCKET=${named}` };
  }
  log(`using the engine at ${socket}`);
  await provideImage(socket, log);
  return { kind: "ready", socket, started: false, stop: () => Promise.resolve() };
}

/**
 * @param {Log} log
 * @returns {Promise<ReadyEngine | UnavailableEngine>}
 */
async function engineOfOurOwn(log) {
  const obstacle = obstacleToOurOwn();
  if (obstacle !== undefined) return { kind: "unavailable", reason: obstacle };
  const folder = ourFolder();
  const { socket } = enginePaths(folder);
  return locked(folder, async () => {
    const present = await isServing(folder);
    if (present) {
      log(`using the tests' own engine at ${socket}`);
    } else {
      await installMissing(ENGINE_PACKAGES, log);
      unpin(folder); // Who pinned the one that is no more, did not pin this one.
      await startDockerd(folder);
      log(`started an engine at ${socket}`);
    }
    const lease = takeLease(folder);
    try {
      await provideImage(socket, log);
    } catch (error) {
      await leave(folder, lease);
      throw error;
    }
    const stop = () => locked(folder, () => leave(folder, lease));
    return { kind: "ready", socket, started: !present, stop };
  });
}

/**
 * @param {string} folder
 * @param {string} lease
 */
async function leave(folder, lease) {
  dropLease(lease);
  if (!isPinned(folder) && !isInUse(folder)) await stopDockerd(folder);
}

/** @returns {string | undefined} why this machine cannot have an engine of our own */
function obstacleToOurOwn() {
  const none = `no engine answers at ${SYSTEM_SOCKET} and`;
  if (process.platform !== "linux") return `${none} only on Linux can one be started`;
  if (process.getuid?.() !== 0) return `${none} only root can install and start one`;
  if (!existsSync("/usr/sbin/dockerd") && !hasApt())
    return `${none} there is no apt to install one`;
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const held = BigInt(`0x${capabilities?.[1] ?? "0"}`);
  const needed = (1n << CAP_NET_ADMIN) | (1n << CAP_SYS_ADMIN);
  return (held & needed) === needed ? undefined : `${none} root may not mount or make bridges here`;
}

/**
 * @param {string} socket
 * @param {Log} log
 */
async function provideImage(socket, log) {
  if ((await ensureImage(socket)) === "made") log(`made the image ${IMAGE}`);
}

/**
 * @template T
 * @param {string} folder
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function locked(folder, work) {
  mkdirSync(folder, { recursive: true });
  return withLock(join(folder, "lock"), work);
}

/** @returns {string} */
function ourFolder() {
  return process.env["SKEP_TEST_ENGINE_FOLDER"] ?? DEFAULT_FOLDER;
}

/** Starts an engine to stay, or stops it, and says so. */
async function main() {
  /** @type {Log} */
  const log = (line) => {
    console.log(line);
  };
  const folder = ourFolder();
  if (process.argv[2] === "stop") {
    await locked(folder, async () => {
      unpin(folder);
      await stopDockerd(folder);
    });
    log("stopped the tests' own engine");
    return;
  }
  const engine = await ensureEngine({ log });
  if (engine.kind === "unavailable") {
    console.error(`no engine: ${engine.reason}`);
    process.exitCode = 1;
    return;
  }
  if (engine.socket === enginePaths(folder).socket) pin(folder);
  await engine.stop();
  log(`ready: DOCKER_HOST=unix://${engine.socket}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
