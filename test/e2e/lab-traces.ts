/** What a laboratory could leave on this machine, looked for without its own help. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { labName } from "../../deploy/lab/layout.js";
import { startTicks } from "../../deploy/provision/processes.mjs";

let folders = 0;

/** A folder that is not there yet. */
export function labFolder(): string {
  folders += 1;
  return join(tmpdir(), `skep-lab-test-${process.pid}-${folders}`);
}

export interface Traces {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly files: readonly string[];
}

export const NO_TRACES: Traces = {
  processes: [],
  mounts: [],
  cgroups: [],
  namespaces: [],
  links: [],
  files: [],
};

/** What a laboratory calls things; other tests have namespaces of their own, which begin otherwise. */
const OURS = /^(host\d|switch|br0|skep-lab)/;

/** There may be other laboratories; none has anything in the machine's own network. */
export function tracesOf(dir: string): Traces {
  return {
    processes: commandLines().filter((line) => line.includes(dir)),
    mounts: linesOf("/proc/self/mounts").filter((line) => line.includes(dir)),
    cgroups: cgroupsOf(dir),
    namespaces: lines("ip", ["netns", "list"]).filter((line) => OURS.test(line)),
    links: lines("ip", ["-oneline", "link"]).filter((line) =>
      OURS.test(line.replace(/^\d+: /, "")),
    ),
    files: existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: "utf8" }) : [],
  };
}

/** Every process of the hosts, by pid and start. */
export function processesBelow(dir: string): ReadonlyMap<number, string> {
  const pids = cgroupsOf(dir)
    .flatMap((top) => [top, ...foldersBelow(top)])
    .flatMap((folder) => linesOf(join(folder, "cgroup.procs")).map(Number));
  if (pids.length === 0) throw new Error(`no process of the laboratory in ${dir} was found`);
  return new Map(pids.map((pid) => [pid, startTicks(pid) ?? ""]));
}

/** Those that still live. */
export function survivors(seen: ReadonlyMap<number, string>): number[] {
  return [...seen].filter(([pid, start]) => startTicks(pid) === start).map(([pid]) => pid);
}

function cgroupsOf(dir: string): string[] {
  return linesOf("/proc/self/mounts")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, path = ""]) => join(path, labName(dir)))
    .filter((path) => existsSync(path));
}

function foldersBelow(top: string): string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => linesOf(`/proc/${name}/cmdline`).join(" ").replaceAll("\0", " "));
}

function lines(program: string, args: readonly string[]): string[] {
  return String(spawnSync(program, args).stdout).split("\n").filter(Boolean);
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return []; // ended while we looked
  }
}
