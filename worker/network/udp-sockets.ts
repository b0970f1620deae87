/**
 * Whether a process's network namespace has UDP sockets that lead out of it: only then can a flow go on that the
 * kernel has to forget. It is cheap to read; to search the connections takes a program per namespace.
 */
import { readFile } from "node:fs/promises";

import { speaksUdp } from "./core/udp-sockets.js";

export async function hasUdpSockets(pid: number): Promise<boolean> {
  for (const table of ["udp", "udp6"]) {
    const shown = await readFile(`/proc/${pid}/net/${table}`, "utf8").catch(() => undefined);
    // What cannot be read may be so.
    if (shown === undefined ? table === "udp" : speaksUdp(shown)) return true;
  }
  return false;
}
