/**
 * Debian packages that the tests' own engine needs, installed through apt without starting a
 * service of the system's.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const APT_LOCK_WAIT_S = 300; // Another apt (unattended-upgrades after boot) may be at work.

// invoke-rc.d asks this script before it starts a service; 101 means "forbidden by policy".
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY =
  "#!/bin/sh\n# Written by Skep's test set-up for the time of one installation.\nexit 101\n";

/** @typedef {(line: string) => void} Log */

/**
 * What must be there, and the file that tells whether it is.
 * @type {readonly { readonly name: string, readonly files: readonly string[] }[]}
 */
const PACKAGES = [
  { name: "docker.io", files: ["/usr/sbin/dockerd"] },
  { name: "iptables", files: ["/usr/sbin/iptables"] },
  { name: "busybox-static", files: ["/bin/busybox"] },
  { name: "nftables", files: ["/usr/sbin/nft"] },
  { name: "iproute2", files: ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"] },
];

/** @returns {boolean} */
export function hasApt() {
  return existsSync("/usr/bin/apt-get");
}

/**
 * Installs what is missing of the packages named (all by default).
 * @param {{ log: Log, only?: readonly string[] }} options
 * @returns {Promise<string[]>} what was installed
 * @throws Error with apt's last words
 */
export async function installMissing({ log, only }) {
  const missing = PACKAGES.filter(({ name, files }) => {
    return (only === undefined || only.includes(name)) && !files.some((file) => existsSync(file));
  }).map(({ name }) => name);
  if (missing.length === 0) return [];
  log(`installing ${missing.join(", ")} (apt-get)`);
  await apt(["update"]);
  const extra = missing.includes("docker.io") ? companions() : [];
  const forbiddenByUs = forbidServiceStarts();
  try {
    await apt(["install", "--yes", "--no-install-recommends", ...missing, ...extra]);
  } finally {
    if (forbiddenByUs) rmSync(POLICY_FILE, { force: true });
  }
  return [...missing, ...extra];
}

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
  if (existsSync(appArmor) && readFileSync(appArmor, "utf8").startsWith("Y"))
    wanted.push("apparmor");
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
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function apt(args) {
  const options = ["-q", "-o", `DPkg::Lock::Timeout=${String(APT_LOCK_WAIT_S)}`];
  const child = spawn("apt-get", [...options, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      DEBIAN_FRONTEND: "noninteractive",
      NEEDRESTART_SUSPEND: "1",
      LC_ALL: "C",
    },
  });
  const lastWords = tail(child.stdout, child.stderr);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`apt-get ${args[0] ?? ""} failed: ${lastWords()}`));
    });
  });
}

/**
 * Keeps the end of what the streams say.
 * @param {import("node:stream").Readable[]} streams
 * @returns {() => string}
 */
function tail(...streams) {
  const keptChars = 2_000; // Enough for apt's error lines, which come last.
  let text = "";
  for (const stream of streams) {
    stream.on("data", (chunk) => {
      text = (text + String(chunk)).slice(-keptChars);
    });
  }
  return () => text.trim();
}
