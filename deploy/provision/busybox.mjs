/**
 * A statically linked busybox: the machine's own, or Debian's `busybox-static` unpacked without
 * being installed, since that would push out the dynamic `busybox` that other packages brought.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { hasApt, unpackPackage } from "./packages.mjs";

const PACKAGE = "busybox-static";
const PLACES = ["bin/busybox", "usr/bin/busybox"]; // Before and after Debian 13.

// Program headers of a 64-bit little-endian file, elf(5).
const PHOFF_OFFSET = 0x20;
const PHENTSIZE_OFFSET = 0x36;
const PHNUM_OFFSET = 0x38;
const PT_INTERP = 3; // Names the dynamic linker; a static program has none.

/**
 * The path of one.
 * @param {string} scratch an empty folder, where a fetched one is put
 * @returns {Promise<string>}
 * @throws Error when the machine has none and apt cannot fetch it
 */
export async function findStaticBusybox(scratch) {
  const installed = PLACES.map((place) => join("/", place)).find(isStatic);
  if (installed !== undefined) return installed;
  if (!hasApt()) throw new Error("no static busybox to make an image from, and no apt to fetch it");
  await unpackPackage(PACKAGE, scratch);
  const fetched = PLACES.map((place) => join(scratch, place)).find(isStatic);
  if (fetched === undefined) throw new Error(`${PACKAGE} brought no static busybox`);
  return fetched;
}

/**
 * The applets that `busybox` can be called as, itself left out.
 * @param {string} busybox
 * @returns {string[]}
 */
export function appletsOf(busybox) {
  const { status, stdout, error } = spawnSync(busybox, ["--list"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${busybox} --list failed`, { cause: error });
  return stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isStatic(path) {
  if (!existsSync(path)) return false;
  const file = readFileSync(path);
  const first = Number(file.readBigUInt64LE(PHOFF_OFFSET));
  const size = file.readUInt16LE(PHENTSIZE_OFFSET);
  const count = file.readUInt16LE(PHNUM_OFFSET);
  const types = Array.from({ length: count }, (_, i) => file.readUInt32LE(first + i * size));
  return !types.includes(PT_INTERP);
}
