/** Whether this machine can have a laboratory, and what has to be installed first. */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";

import { ENGINE_PACKAGES, hasApt, installMissing } from "../provision/packages.mjs";
import { cgroupMounts } from "./cgroups.js";
import { LabError } from "./lab-error.js";

/** Bits of CapEff, capabilities(7): without them there are no namespaces, mounts or bridges. */
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/**
 * Hosts made of namespaces share their machine's tables of neighbours, and cannot make room there: a
 * table has 1,024 entries for all of their containers, and is full once forty talk to each other.
 */
const NEIGHBOURS_MIN = { gc_thresh3: 65_536, gc_thresh2: 49_152, gc_thresh1: 8_192 } as const;

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
    await installMissing(ENGINE_PACKAGES, log);
  } catch (cause) {
    throw new LabError(`what a laboratory needs is not installed: ${(cause as Error).message}`, {
      cause,
    });
  }
  makeRoomForNeighbours();
}

function makeRoomForNeighbours(): void {
  for (const family of ["ipv4", "ipv6"]) {
    for (const [name, least] of Object.entries(NEIGHBOURS_MIN)) {
      const path = `/proc/sys/net/${family}/neigh/default/${name}`;
      if (!existsSync(path) || Number(readFileSync(path, "utf8")) >= least) continue;
      try {
        writeFileSync(path, String(least));
      } catch (cause) {
        throw new LabError(`${path} cannot be written to`, { cause });
      }
    }
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
