/**
 * Asks this host, once when `skepd` starts, whether overlay networks and the ingress can be had on
 * it. Nothing is changed by asking. The answer goes into the node's description, so that the
 * scheduler sends no task here that could not be reached.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

import {
  judgeNetwork,
  NETWORK_PROGRAMS,
  type NetworkCapability,
} from "./core/network-capability.js";

/** A program that asks the kernel answers within milliseconds; a host in trouble must not hang us. */
const PROBE_TIMEOUT_MS = 2_000;
/** Where a daemon's PATH does not lead, and where these programs are kept. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
/** Checked against the kernel and not kept. */
const PROBE_RULES = "add table inet skep_probe\n";

/** @param path where programs are looked for, in the form of `PATH`. */
export async function probeNetwork(path: string): Promise<NetworkCapability> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...SYSTEM_FOLDERS];
  const found = await Promise.all(NETWORK_PROGRAMS.map((name) => findProgram(name, folders)));
  const nft = found[NETWORK_PROGRAMS.indexOf("nft")];
  return judgeNetwork({
    effectiveCapabilities: await effectiveCapabilities(),
    missingPrograms: NETWORK_PROGRAMS.filter((_name, at) => found[at] === undefined),
    refusal: nft === undefined ? undefined : await refusedRules(nft),
  });
}

async function effectiveCapabilities(): Promise<string | undefined> {
  try {
    const status = await readFile("/proc/self/status", "utf8");
    return /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  } catch {
    return undefined; // no Linux, and that is the answer
  }
}

async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // not in this one
    }
  }
  return undefined;
}

/** Undefined where the kernel would take them. */
function refusedRules(nft: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      nft,
      ["--check", "--file", "-"],
      { timeout: PROBE_TIMEOUT_MS },
      (error, _stdout, stderr) => {
        if (error === null) resolve(undefined);
        else resolve(firstLine(stderr) ?? firstLine(error.message) ?? "no answer");
      },
    );
    child.stdin?.on("error", () => undefined); // it ended before it read: its end says why
    child.stdin?.end(PROBE_RULES);
  });
}

/** Without the place in the input, which is ours. */
function firstLine(text: string): string | undefined {
  const [line = ""] = text.trim().split("\n");
  return line === "" ? undefined : line.replace(/^\S+: Error: /, "");
}
