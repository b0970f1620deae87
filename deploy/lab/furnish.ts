/**
 * What makes namespaces a host: its name, its own `/sys` and `/run`, and a name server that says no
 * at once. Everything is mounted where only the host sees it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type HostDoor, wordsInHost } from "./in-host.js";
import type { LabHost } from "./layout.js";
import { runProgram } from "./run-program.js";

/**
 * - `/sys` shows the interfaces of the namespace that it was mounted in, and a new one lacks the
 *   mounts of the cgroups: they are carried over.
 * - `/run` has the lock of iptables, sockets of shims and plugins, and what engines look up in
 *   fixed places: of its own, all that is the host's, and gone with it. Where `/etc/resolv.conf`
 *   is a link into it, its target has to be there again.
 * - Without a name server that is there, every lookup waits 10 s.
 * - In the end mounts propagate between the host's containers as on any system with systemd.
 */
const FURNISH = `
  set -e
  name=$1 folder=$2
  hostname "$name"
  mkdir -p "$folder/cgroup"
  mount --rbind /sys/fs/cgroup "$folder/cgroup"
  mount -t sysfs sysfs /sys
  mount --move "$folder/cgroup" /sys/fs/cgroup
  rmdir "$folder/cgroup"
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/lock /run/skep
  ln -s "$folder/docker.sock" /run/docker.sock
  ln -s "$folder/skep.sock" /run/skep/skep.sock
  resolver=$(readlink -m /etc/resolv.conf)
  mkdir -p "$(dirname "$resolver")"
  [ -e "$resolver" ] || : > "$resolver"
  mount --bind "$folder/resolv.conf" "$resolver"
  mount --bind "$folder/hosts" /etc/hosts
  mount --make-rshared /
`;

/** @param hosts all of them: each knows the others by name. */
export async function furnish(
  host: LabHost,
  hosts: readonly LabHost[],
  door: HostDoor,
  signal: AbortSignal,
): Promise<void> {
  const lines = hosts.map(({ address, name }) => `${address} ${name}\n`);
  mkdirSync(host.folder, { recursive: true });
  writeFileSync(join(host.folder, "resolv.conf"), "nameserver 127.0.0.1\n");
  writeFileSync(join(host.folder, "hosts"), `127.0.0.1 localhost\n${lines.join("")}`);
  const words = ["sh", "-c", FURNISH, "sh", host.name, host.folder] as const;
  await runProgram(wordsInHost(door, words), { signal });
}
