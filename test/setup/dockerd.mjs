/**
 * An engine of the tests' own: where its files lie, how it is started, what an earlier run that was
 * killed leaves behind, and how it is stopped. Callers hold the lock. One per network namespace:
 * its bridge and addresses are fixed.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { callEngine, pingEngine } from "../../deploy/provision/engine-api.mjs";
import {
  childrenOf,
  endProcesses,
  processesOf,
  waitUntil,
} from "../../deploy/provision/processes.mjs";

const READY_TIMEOUT_MS = 60_000; // Half a second when idle; two shared cores can be very busy.
const STOP_TIMEOUT_MS = 30_000; // dockerd itself gives its containers 15 s to end.
const DYING_MS = 5_000; // containerd dies with its dockerd, but not in the same instant.
const START_ATTEMPTS = 2; // The first may meet remains that only a failed start clears away.
const LOG_TAIL_LINES = 5;

// 198.18.0.0/15 is set apart for tests (RFC 2544): no host, VPC or overlay pool of ours uses it.
// A bridge of its own, because `docker0` may be another engine's.
const BRIDGE = "skep-test0";
const BRIDGE_ADDRESS = "198.18.0.1/24";
const ADDRESS_POOL = "base=198.19.0.0/16,size=24";

// Pulls fail at once, with or without a network: tests must not depend on what a registry holds.
// Go never sends loopback addresses through a proxy, so a registry on 127.0.0.1 stays usable.
const NO_REGISTRY = "http://127.0.0.1:9";

// `su` without a dash leaves root without the sbin folders, where dockerd and its tools lie.
const ENVIRONMENT = {
  ...process.env,
  PATH: `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`,
  HTTP_PROXY: NO_REGISTRY,
  HTTPS_PROXY: NO_REGISTRY,
};

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/**
 * Where the files of an engine in `folder` lie.
 * @param {string} folder
 */
export function enginePaths(folder) {
  return {
    socket: join(folder, "docker.sock"),
    pidFile: join(folder, "docker.pid"),
    dataRoot: join(folder, "data"),
    execRoot: join(folder, "exec"),
    containerdConfig: join(folder, "exec/containerd/containerd.toml"),
    containerdPidFile: join(folder, "exec/containerd/containerd.pid"),
    containerdSocket: join(folder, "exec/containerd/containerd.sock"),
    forwardingBefore: join(folder, "ip_forward.before"),
    log: join(folder, "dockerd.log"),
  };
}

/**
 * Whether our dockerd lives and answers. One whose starter died meanwhile gets its time to come up.
 * @param {string} folder
 * @returns {Promise<boolean>}
 */
export async function isServing(folder) {
  const { socket } = enginePaths(folder);
  const isAlive = () => dockerdOf(folder).length > 0;
  await waitUntil(async () => !isAlive() || (await pingEngine(socket)), READY_TIMEOUT_MS);
  return isAlive() && pingEngine(socket);
}

/**
 * Starts dockerd and waits until it answers. It outlives this process.
 * @param {string} folder
 * @throws Error with the last lines of its log
 */
export async function startDockerd(folder) {
  const paths = enginePaths(folder);
  prepareHost(paths);
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    await endDockerd(folder);
    await killOrphans(paths);
    if (await launch(paths)) return;
  }
  await endDockerd(folder);
  restoreHost(paths);
  throw new Error(`dockerd did not come up: ${logTail(paths.log)}`);
}

/**
 * Stops dockerd and its containers. What it stored stays, for a quicker start.
 * @param {string} folder
 */
export async function stopDockerd(folder) {
  const paths = enginePaths(folder);
  // A dockerd that was killed left its containers running: only a new one can tidy up after them.
  if (shimsOf(paths).length > 0 && !(await isServing(folder))) await startDockerd(folder);
  await killContainers(paths.socket);
  await endDockerd(folder);
  unmountBelow(folder);
  restoreHost(paths);
}

/**
 * @param {ReturnType<typeof enginePaths>} paths
 * @returns {Promise<boolean>} whether it answers
 */
async function launch(paths) {
  const log = openSync(paths.log, "w");
  const child = spawn("dockerd", dockerdArguments(paths), {
    detached: true,
    stdio: ["ignore", log, log],
    env: ENVIRONMENT,
  });
  closeSync(log);
  let ended = false;
  child.on("error", () => (ended = true));
  child.on("exit", () => (ended = true));
  child.unref();
  await waitUntil(async () => ended || (await pingEngine(paths.socket)), READY_TIMEOUT_MS);
  return pingEngine(paths.socket);
}

/**
 * @param {ReturnType<typeof enginePaths>} paths
 * @returns {string[]}
 */
function dockerdArguments(paths) {
  return [
    ...["--host", `unix://${paths.socket}`],
    ...["--data-root", paths.dataRoot],
    ...["--exec-root", paths.execRoot],
    ...["--pidfile", paths.pidFile],
    ...["--bridge", BRIDGE],
    ...["--default-address-pool", ADDRESS_POOL],
  ];
}

/**
 * Ends dockerd if it lives, and makes the folder fit for a start after a kill or a reboot: dockerd
 * believes a pid file whose number any process at all has, and a containerd that is going down.
 * @param {string} folder
 */
async function endDockerd(folder) {
  const paths = enginePaths(folder);
  if (!(await endProcesses(dockerdOf(folder), "SIGTERM", STOP_TIMEOUT_MS))) {
    throw new Error(`dockerd in ${folder} does not end, not even when killed`);
  }
  const containerd = () => processesOf("containerd", paths.containerdConfig);
  await waitUntil(() => containerd().length === 0, DYING_MS);
  await endProcesses(containerd(), "SIGTERM", DYING_MS);
  for (const file of [paths.pidFile, paths.containerdPidFile, paths.socket]) {
    rmSync(file, { force: true });
  }
}

/**
 * Containers that outlived a killed dockerd: the new one ends them as well, but politely, in 10 s.
 * Only their first processes are killed; the shims then tell the new engine how they ended.
 * @param {ReturnType<typeof enginePaths>} paths
 */
async function killOrphans(paths) {
  await endProcesses(shimsOf(paths).flatMap(childrenOf), "SIGKILL", DYING_MS);
}

/**
 * Kills what runs, because dockerd would wait 10 s for each that ignores SIGTERM.
 * @param {string} socket
 */
async function killContainers(socket) {
  if (!(await pingEngine(socket))) return;
  const { text } = await callEngine(socket, { method: "GET", path: "/containers/json" });
  /** @type {{ Id: string }[]} */
  const running = JSON.parse(text);
  const kill = (/** @type {{ Id: string }} */ { Id }) =>
    callEngine(socket, { method: "POST", path: `/containers/${Id}/kill` });
  await Promise.all(running.map(kill)); // "Not running" is an answer too: it ended by itself.
}

/**
 * Mounts of a dockerd that was killed stay, and would keep the folder from being deleted.
 * @param {string} folder
 */
function unmountBelow(folder) {
  const points = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) spawnSync("umount", ["--lazy", point]);
}

/**
 * Makes the bridge, and switches forwarding on: dockerd, when it has to do that itself, also sets
 * the policy of the FORWARD chain to DROP, which cuts off every other network namespace here.
 * @param {ReturnType<typeof enginePaths>} paths
 */
function prepareHost(paths) {
  const before = readFileSync(FORWARDING, "utf8").trim();
  if (before !== "1") {
    writeFileSync(paths.forwardingBefore, before);
    writeFileSync(FORWARDING, "1");
  }
  runIp(["link", "add", BRIDGE, "type", "bridge"]); // Fails where it is there already.
  runIp(["address", "replace", BRIDGE_ADDRESS, "dev", BRIDGE]);
  runIp(["link", "set", BRIDGE, "up"]);
}

/**
 * Undoes `prepareHost`. The engine's chains of netfilter stay: they may be another engine's too.
 * @param {ReturnType<typeof enginePaths>} paths
 */
function restoreHost(paths) {
  runIp(["link", "delete", BRIDGE]);
  if (!existsSync(paths.forwardingBefore)) return; // It was on before us, and stays on.
  writeFileSync(FORWARDING, readFileSync(paths.forwardingBefore, "utf8"));
  rmSync(paths.forwardingBefore);
}

/** @param {string[]} args */
function runIp(args) {
  spawnSync("ip", args, { env: ENVIRONMENT });
}

/** @param {string} folder */
function dockerdOf(folder) {
  return processesOf("dockerd", enginePaths(folder).pidFile);
}

/** @param {ReturnType<typeof enginePaths>} paths */
function shimsOf(paths) {
  return processesOf("containerd-shim-runc-v2", paths.containerdSocket);
}

/**
 * @param {string} path
 * @returns {string}
 */
function logTail(path) {
  return readFileSync(path, "utf8").trim().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}
