/** Runs a program of the system to its end. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

import { LabError } from "./lab-error.js";
import { sendSignal } from "./processes.js";

/** `su` without a dash leaves root without the sbin folders, where these programs lie. */
const SBIN = "/usr/local/sbin:/usr/sbin:/sbin";

export const SYSTEM_PATH = `${process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}:${SBIN}`;

export interface ProgramResult {
  /** As a shell says it: 128 and the signal's number for a program that a signal ended. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Kills it, and what it has started. */
  readonly signal?: AbortSignal;
}

/** What it prints. @throws LabError it failed, with its own words. */
export async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  // Its words are ours to read.
  const env = { ...options.env, LC_ALL: "C" };
  const { status, stdout, stderr } = await resultOf([program, ...args], { ...options, env });
  if (status === 0) return stdout;
  throw new LabError(`${program} failed (${status}): ${stderr.trim() || stdout.trim()}`);
}

/** @throws LabError there is no such program; the signal's reason. */
export function resultOf(
  [program, ...args]: readonly [string, ...string[]],
  { env = {}, cwd, signal }: RunOptions = {},
): Promise<ProgramResult> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Of a session of its own: a Ctrl-C in the terminal is for us, who then undo in order.
    const child = spawn(program, args, {
      detached: true,
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: SYSTEM_PATH, ...env },
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
    }
    const abort = (): void => {
      if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL"); // its whole group
    };
    signal?.addEventListener("abort", abort, { once: true });
    child.on("error", (cause) => {
      reject(new LabError(`${program} cannot be run: ${cause.message}`, { cause }));
    });
    child.on("close", (code, killedBy) => {
      signal?.removeEventListener("abort", abort);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ status: code ?? exitStatusOf(killedBy), ...said });
    });
  });
}

export interface LaunchOptions {
  /** A file descriptor that hears all of its output. */
  readonly log: number;
  readonly path: string;
  readonly signal: AbortSignal;
}

/**
 * Runs what leaves a daemon behind, with none of the user's environment.
 * @returns what it wrote to its descriptor 3, until the last process that has it closed it.
 * @throws LabError it failed: its words are in the log.
 */
export function launch(
  [program, ...args]: readonly [string, ...string[]],
  { log, path, signal }: LaunchOptions,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
    env: { PATH: path, HOME: "/root", LANG: "C.UTF-8" },
    cwd: "/",
  });
  let said = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(said);
      else reject(new LabError(`${args.at(-1) ?? program} could not be started: see its log`));
    });
  });
}

/** As a shell says it of a program that a signal ended. */
export function exitStatusOf(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}
