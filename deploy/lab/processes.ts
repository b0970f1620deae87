/** Processes of this machine, read from /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface SeenProcess {
  /** As this machine counts, not as the host does. */
  readonly pid: number;
  readonly words: readonly string[];
}

/** All that live, zombies left out. */
export function processes(): SeenProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map((pid) => ({ pid, words: wordsOf(pid) }))
    .filter(({ words }) => words.length > 0);
}

/** Those in the very pid namespace of `pid`: a host's own, its containers' left out. */
export function processesBeside(pid: number): SeenProcess[] {
  const namespace = pidNamespaceOf(pid);
  if (namespace === undefined) return [];
  return processes().filter((seen) => pidNamespaceOf(seen.pid) === namespace);
}

/** Whether it is the first process of a pid namespace of its own. */
export function isInit(pid: number): boolean {
  // One number per level, from the outermost in: proc(5).
  return /^NSpid:(\s+\d+)+\s+1$/m.test(readOrEmpty(`/proc/${pid}/status`));
}

/**
 * Zombies are not: nothing of them is left but their exit status.
 * @param proc where the processes are listed that `pid` is one of.
 */
export function isAlive(pid: number, proc = "/proc"): boolean {
  const stat = readOrEmpty(`${proc}/${pid}/stat`);
  // The name may hold blanks and parentheses, so the state follows its last ")": proc(5).
  return stat !== "" && !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

/** To a process, or below zero to a group. That it is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function wordsOf(pid: number): readonly string[] {
  const line = readOrEmpty(`/proc/${pid}/cmdline`);
  return line === "" ? [] : line.replace(/\0$/, "").split("\0");
}

function pidNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // ended while we looked
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // ended while we looked
  }
}
