/**
 * What makes namespaces a host: its name, its own `/sys`, `/run` and `/etc`, and a name server that
 * says no at once. Everything is mounted where only the host sees it.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";

import { type HostDoor, wordsInHost } from "./in-host.js";
import type { LabHost } from "./layout.js";
import { runProgram } from "./run-program.js";

/**
 * - `/sys` shows the interfaces of the namespace that it was mounted in, and a new one lacks the
 *   mounts of the cgroups: they are carried over.
 * - `/run` has the lock of iptables, sockets of shims and plugins, and what engines look up in
 *   fixed places.
 * - `/etc` is the machine's, and what is written to it the host's alone. In `/etc/docker` is the key
 *   that an engine has its id from, which would be the same for all, and settings that may not fit.
 * - Without a name server that is there, every lookup waits 10 s.
 * - In the end mounts propagate between the host's containers as on any system with systemd.
 */
const FURNISH = `
  set -e
  name=$1 folder=$2 etc_docker=$3 hosts=$4
  hostname "$name"
  mkdir -p "$folder/cgroup"
  mount --rbind /sys/fs/cgroup "$folder/cgroup"
  mount -t sysfs sysfs /sys
  mount --move "$folder/cgroup" /sys/fs/cgroup
  rmdir "$folder/cgroup"
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/lock /run/skep /run/etc/upper /run/etc/work
  ln -s "$folder/docker.sock" /run/docker.sock
  ln -s "$folder/skep.sock" /run/skep/skep.sock
  mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc
  mkdir -p /etc/docker
  mount --bind "$etc_docker" /etc/docker
  rm -f /etc/resolv.conf /etc/hosts /etc/hostname
  echo "nameserver 127.0.0.1" > /etc/resolv.conf
  echo "$name" > /etc/hostname
  printf "127.0.0.1 localhost\\n%s" "$hosts" > /etc/hosts
  mount --make-rshared /
`;

/** @param hosts all of them: each knows the others by name. */
export async function furnish(
  host: LabHost,
  hosts: readonly LabHost[],
  door: HostDoor,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(host.dockerEtc, { recursive: true });
  // Kept when the host is switched on again: it is its user's to change.
  if (!existsSync(host.dockerConfig)) writeFileSync(host.dockerConfig, "{}\n");
  const lines = hosts.map(({ address, name }) => `${address} ${name}\n`).join("");
  const words = ["sh", "-c", FURNISH, "sh", host.name, host.folder, host.dockerEtc, lines] as const;
  await runProgram(wordsInHost(door, words), { signal });
}
