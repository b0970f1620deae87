/**
 * Debian packages that the tests and the laboratory need, installed through apt without starting a
 * service of the system's now. (Where systemd runs, docker.io is enabled for the next boot, as it
 * always is; its engine is then found and used.)
 */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const APT_LOCK_WAIT_S = 300; // Another apt (unattended-upgrades after boot) may be at work.
const KEPT_OUTPUT_CHARS = 2_000; // Enough for a program's error lines, which come last.

// invoke-rc.d asks this script before it starts a service; 101 means "forbidden by policy".
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY =
  "#!/bin/sh\n# Written by Skep's set-up for the time of one installation.\nexit 101\n";

/** @typedef {(line: string) => void} Log */

/**
 * What must be there, and the files of which one tells that it is.
 * @typedef {{ readonly name: string, readonly files: readonly string[] }} Package
 */

/**
 * For an engine, and for hosts with networks.
 * @type {readonly Package[]}
 */
export const ENGINE_PACKAGES = [
  { name: "docker.io", files: ["/usr/sbin/dockerd", "/usr/bin/dockerd"] },
  { name: "iptables", files: ["/usr/sbin/iptables", "/sbin/iptables"] },
  { name: "nftables", files: ["/usr/sbin/nft"] },
  { name: "iproute2", files: ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"] },
  { name: "conntrack", files: ["/usr/sbin/conntrack"] },
];

/** @returns {boolean} */
export function hasApt() {
  return existsSync("/usr/bin/apt-get");
}

/**
 * Installs what is missing.
 * @param {readonly Package[]} packages
 * @param {Log} log
 * @throws Error with apt's last words
 */
export async function installMissing(packages, log) {
  const missing = packages.filter(({ files }) => !files.some((file) => existsSync(file)));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  await run("apt-get", ["update", ...APT_OPTIONS]);
  if (names.includes("docker.io")) names.push(...companions());
  log(`installing ${names.join(", ")}`);
  const forbiddenByUs = forbidServiceStarts();
  try {
    await run("apt-get", ["install", "--yes", "--no-install-recommends", ...APT_OPTIONS, ...names]);
  } finally {
    if (forbiddenByUs) rmSync(POLICY_FILE, { force: true });
  }
}

/**
 * Unpacks a package into `folder` without installing it. Needs no root where apt's lists are fresh.
 * @param {string} name
 * @param {string} folder
 */
export async function unpackPackage(name, folder) {
  if (process.getuid?.() === 0) await run("apt-get", ["update", ...APT_OPTIONS]);
  const download = join(folder, "download");
  mkdirSync(download);
  await run("apt-get", ["download", ...APT_OPTIONS, name], { cwd: download });
  const file = readdirSync(download).find((entry) => entry.endsWith(".deb")) ?? "";
  await run("dpkg-deb", ["--extract", join(download, file), folder]);
}

const APT_OPTIONS = ["-q", "-o", `DPkg::Lock::Timeout=${String(APT_LOCK_WAIT_S)}`];

/**
 * What docker.io only recommends and yet cannot do without on some machines.
 * @returns {string[]}
 */
function companions() {
  const wanted = [];
  // From Debian 13 on, the command line is a package of its own.
  if (isInArchive("docker-cli")) wanted.push("docker-cli");
  // The engine loads a profile for each container where the kernel has AppArmor switched on.
  const appArmor = "/sys/module/apparmor/parameters/enabled";
  if (existsSync(appArmor) && readFileSync(appArmor, "utf8").startsWith("Y")) {
    wanted.push("apparmor");
  }
  return wanted;
}

/**
 * @param {string} name
 * @returns {boolean}
 */
function isInArchive(name) {
  return spawnSync("apt-cache", ["show", "--no-all-versions", name]).status === 0;
}

/** @returns {boolean} whether the policy is ours to take away again */
function forbidServiceStarts() {
  const present = existsSync(POLICY_FILE);
  // Ours from a run that was killed counts as not there: it must not outlive this one.
  if (present && readFileSync(POLICY_FILE, "utf8") !== POLICY) return false;
  writeFileSync(POLICY_FILE, POLICY);
  chmodSync(POLICY_FILE, 0o755);
  return true;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<void>}
 */
function run(program, args, options = {}) {
  const child = spawn(program, args, {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      DEBIAN_FRONTEND: "noninteractive",
      NEEDRESTART_SUSPEND: "1",
      LC_ALL: "C",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + String(chunk)).slice(-KEPT_OUTPUT_CHARS);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args[0] ?? ""} failed: ${output.trim()}`));
    });
  });
}
