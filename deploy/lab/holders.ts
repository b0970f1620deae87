/**
 * What keeps a host there: the first process of its namespaces. It does nothing but collect what
 * others leave, as the first process of every system does. When it is killed the kernel ends
 * everything on the host and forgets its mounts and interfaces: there is no surer way to clean up.
 *
 * A holder is known by its command line, which names the laboratory's folder and the host. No pid is
 * ever noted, so none can be mistaken for another's.
 */
import { spawn } from "node:child_process";

import type { LabCgroups, LabPart } from "./cgroups.js";
import { LabError } from "./lab-error.js";
import { isAlive, isInit, processes, sendSignal } from "./processes.js";
import { SYSTEM_PATH } from "./run-program.js";
import { type Patience, until } from "./until.js";

const MARK = "skep-lab";

/** `wait` collects every child that ended, adopted ones too; the sleeper gives it a reason to stay. */
const COLLECT = "while :; do sleep 1000000000 & wait; done";

/** The cgroup first: everything that comes after is in it. */
const ENTER = 'echo $$ > "$1" && shift && exec "$@"';

const NAMESPACES = ["--net", "--uts", "--ipc", "--mount", "--pid"];

/** By host, the pid of each first process in the laboratory of `dir`. */
export function findHolders(dir: string): Map<string, number> {
  const found = marked(dir).filter(({ pid, words }) => words[0] === "sh" && isInit(pid));
  return new Map(found.map(({ pid, words }) => [words.at(-1) ?? "", pid]));
}

/** @returns its pid. @throws LabError the machine refuses namespaces, in its own words. */
export async function startHolder(
  dir: string,
  host: string,
  cgroups: LabCgroups,
  patience: Patience,
): Promise<number> {
  const unshare = ["unshare", ...NAMESPACES, "--fork", "--kill-child", "--mount-proc"];
  const holder = ["sh", "-c", COLLECT, MARK, dir, host];
  const child = spawn("sh", ["-c", ENTER, "sh", cgroups.entrance(host), ...unshare, ...holder], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: SYSTEM_PATH },
    cwd: "/",
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
  let ended = false;
  for (const event of ["error", "exit"]) child.on(event, () => (ended = true));
  const pid = await until(`the namespaces of ${host}`, patience, () =>
    ended ? "ended" : findHolders(dir).get(host),
  );
  child.stderr.destroy();
  child.unref();
  if (pid === "ended") throw new LabError(`${host} got no namespaces: ${words.trim()}`);
  return pid;
}

/**
 * Ends a host, or every host of the laboratory, with all that runs there. Resolves once nothing is
 * left.
 */
export async function endHolders(
  dir: string,
  part: LabPart,
  cgroups: LabCgroups,
  patience: Patience,
): Promise<void> {
  const [host] = part;
  const held = marked(dir).filter(({ words }) => host === undefined || words.at(-1) === host);
  const pids = held.map(({ pid }) => pid);
  await until(`${host ?? "all hosts"} of ${dir} to end`, patience, () => {
    cgroups.thawAll(part);
    // What is in the cgroups is on a host, or on its way there.
    const left = [...pids, ...cgroups.members(part)].filter((pid) => isAlive(pid));
    for (const pid of left) sendSignal(pid, "SIGKILL");
    return left.length === 0 ? "ended" : undefined;
  });
}

/** First processes, and those that wait beside them on this machine. */
function marked(dir: string): ReturnType<typeof processes> {
  return processes().filter(
    ({ words }) =>
      words.at(-3) === MARK && words.at(-2) === dir && ["sh", "unshare"].includes(words[0] ?? ""),
  );
}
