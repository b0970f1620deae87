/**
 * What a laboratory consists of and what everything is called, computed from its folder and the
 * number of its hosts alone: so `down` knows what to take away even where nothing was noted.
 *
 * All hosts see the same addresses in every laboratory. That is no clash, because laboratories share
 * no network: each has a switch of its own, in a network namespace of its own.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

import { LabError } from "./lab-error.js";

/** Beyond that a machine has more to do with its engines than with what is tried. */
export const HOSTS_MAX = 32;

/** Of a unix socket, unix(7): 108 bytes with the zero at the end. */
const SOCKET_PATH_BYTES_MAX = 107;
/** Enough that two folders do not meet, and short enough to read in a path of cgroups. */
const ID_CHARS = 8;

export const PREFIX_LENGTH = 24;

/** The host that is none: it holds the bridge that joins the others. */
export const SWITCH = "switch";

export interface LabHost {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  /** Of its only interface, `eth0`. */
  readonly address: string;
  readonly folder: string;
  readonly dockerSocket: string;
  readonly skepSocket: string;
  readonly dockerLog: string;
  readonly skepLog: string;
  /** The host's `/etc/docker`, and the engine's settings in it. */
  readonly dockerEtc: string;
  readonly dockerConfig: string;
  /** What the engine keeps. */
  readonly dockerData: string;
  /** What skepd keeps. */
  readonly skepData: string;
  /** Of the engine's own default bridge. */
  readonly bridgeAddress: string;
  /** Where the engine takes the subnets of new networks from. */
  readonly addressPool: string;
}

/** @param dir absolute. */
export function hostsOf(dir: string, count: number): LabHost[] {
  return Array.from({ length: count }, (_, index) => hostOf(dir, index + 1));
}

/** The name of what the laboratory has outside of its folder: its cgroup and its lock. */
export function labName(dir: string): string {
  return `skep-lab-${createHash("sha256").update(dir).digest("hex").slice(0, ID_CHARS)}`;
}

/** @throws LabError the folder or the number will not do, and why. */
export function checkWish(dir: string, wish: { readonly hosts: number; managers: number }): void {
  const { hosts, managers } = wish;
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > HOSTS_MAX) {
    throw new LabError(`--hosts ${hosts}: a laboratory has 1 to ${HOSTS_MAX} hosts`);
  }
  if (!Number.isInteger(managers) || managers < 0 || managers > hosts) {
    throw new LabError(`--managers ${managers}: of ${hosts} hosts, 0 to ${hosts} can be managers`);
  }
  const longest = Math.max(
    ...hostsOf(dir, hosts).map(({ dockerSocket }) => Buffer.byteLength(dockerSocket)),
  );
  if (longest > SOCKET_PATH_BYTES_MAX) {
    const spare = SOCKET_PATH_BYTES_MAX - (longest - Buffer.byteLength(dir));
    throw new LabError(
      `${dir} has ${Buffer.byteLength(dir)} bytes, and the sockets below it would have ${longest} of at most ${SOCKET_PATH_BYTES_MAX}: choose a folder of at most ${spare} bytes`,
    );
  }
  if (dir === "/run" || dir.startsWith("/run/")) {
    throw new LabError(`${dir} is below /run, of which every host has its own: choose another`);
  }
}

function hostOf(dir: string, number: number): LabHost {
  const name = `host${number}`;
  const folder = join(dir, name);
  return {
    number,
    name,
    address: `192.168.77.${number}`,
    folder,
    dockerSocket: join(folder, "docker.sock"),
    skepSocket: join(folder, "skep.sock"),
    dockerLog: join(folder, "dockerd.log"),
    skepLog: join(folder, "skepd.log"),
    dockerEtc: join(folder, "etc-docker"),
    dockerConfig: join(folder, "etc-docker", "daemon.json"),
    dockerData: join(folder, "docker"),
    skepData: join(folder, "skep"),
    bridgeAddress: `172.17.${number}.1/24`,
    addressPool: `base=172.18.${number}.0/24,size=28`,
  };
}
