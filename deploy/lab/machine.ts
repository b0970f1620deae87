/** Whether this machine can have a laboratory, and what has to be installed first. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";

import { hasApt, installMissing } from "../provision/packages.mjs";
import { cgroupMounts } from "./cgroups.js";
import { LabError } from "./lab-error.js";

/** Bits of CapEff, capabilities(7): without them there are no namespaces, mounts or bridges. */
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/** @returns why not; undefined where nothing stands in the way. */
export function obstacleToLab(): string | undefined {
  if (process.platform !== "linux") return "its hosts are namespaces, which only Linux has";
  if (!isRoot()) return "only root can make hosts out of namespaces";
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const held = BigInt(`0x${capabilities?.[1] ?? "0"}`);
  const needed = (1n << CAP_NET_ADMIN) | (1n << CAP_SYS_ADMIN);
  if ((held & needed) !== needed) return "root may not mount or make bridges here";
  const cgroups = cgroupMounts(readFileSync("/proc/self/mounts", "utf8"));
  if (cgroups === undefined) return "no cgroup is mounted that can freeze processes";
  if (!isWritable(cgroups.freezer.path)) return `${cgroups.freezer.path} cannot be written to`;
  if (!existsSync("/usr/sbin/dockerd") && !hasApt()) {
    return "there is no dockerd, and no apt to install one: install Docker, nftables, iptables and iproute2";
  }
  return undefined;
}

/** @throws LabError */
export function requireRoot(): void {
  if (!isRoot()) throw new LabError("only root can do that to hosts made of namespaces");
}

/** @throws LabError why there can be no laboratory here. */
export async function prepareMachine(log: (line: string) => void): Promise<void> {
  const obstacle = obstacleToLab();
  if (obstacle !== undefined) throw new LabError(`no laboratory here: ${obstacle}`);
  try {
    await installMissing(log);
  } catch (cause) {
    throw new LabError(`what a laboratory needs is not installed: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // mounted read-only, as in a container that is not privileged
  }
}
