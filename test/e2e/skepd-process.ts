/**
 * A real `skepd` of `dist/` in a folder of its own: started, killed and started again as a host
 * would, and spoken to by the programs that people use. When it is disposed of, nothing of its
 * cluster is left on the machine.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { onTestFailed, TestRunner } from "vitest";

import { loadIdentity } from "../../node/identity.js";
import { type ApiAnswer, type ApiCall, callApi } from "../setup/api-client.js";
import { type CommandLine, commandLine, type CommandResult } from "../setup/command-line.js";
import { dockerCommand } from "../setup/docker-command.js";
import { removeContainers } from "./cluster-containers.js";
import { eventually, PATIENCE_MS } from "./eventually.js";
import { killTaskProcesses } from "./task-processes.js";

export interface SkepdSettings {
  readonly engine: "docker" | "process";
  /** Where the engine is `docker`. */
  readonly engineSocket?: string;
  readonly hostname?: string;
  /** Command that runs `skepd`: with other rights, in another place. */
  readonly launcher?: readonly string[];
  /** Further flags; they win over those that we set. */
  readonly flags?: readonly string[];
}

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const LOG_TAIL_LINES = 60;

export class SkepdProcess implements AsyncDisposable {
  readonly dataDir: string;
  readonly socketPath: string;
  /** `skep` on this daemon's socket. */
  readonly skep: CommandLine;
  #settings: SkepdSettings;
  readonly #folder = mkdtempSync(join(tmpdir(), "skep-e2e-"));
  #child: ChildProcess | undefined;
  #log = "";

  /**
   * Resolves once its API answers. Within a test: where that fails, the end of
   * the daemon's log is shown.
   */
  static async start(settings: SkepdSettings): Promise<SkepdProcess> {
    const skepd = new SkepdProcess(settings);
    if (TestRunner.getCurrentTest() !== undefined) {
      onTestFailed(() => {
        console.error(`the log of ${skepd.dataDir} ends with\n${skepd.logTail()}`);
      });
    }
    await skepd.start();
    return skepd;
  }

  /** A manager of a new cluster. */
  static async init(settings: SkepdSettings): Promise<SkepdProcess> {
    const skepd = await SkepdProcess.start(settings);
    await skepd.skep.output(["swarm", "init"]);
    return skepd;
  }

  private constructor(settings: SkepdSettings) {
    this.#settings = settings;
    this.dataDir = join(this.#folder, "data");
    this.socketPath = join(this.#folder, "skep.sock");
    const env = { ...process.env, SKEP_HOST: `unix://${this.socketPath}` };
    this.skep = commandLine([process.execPath, join(DIST, "cli", "main.js")], env);
  }

  /** The official docker CLI on this daemon's socket. */
  get docker(): CommandLine {
    const docker = dockerCommand(this.socketPath);
    if (docker === undefined) throw new Error("there is no docker command line");
    return docker;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("skepd does not run");
    return pid;
  }

  call(call: ApiCall): Promise<ApiAnswer> {
    return callApi(this.socketPath, call);
  }

  /** Of a manager. */
  async clusterId(): Promise<string> {
    const { json } = await this.call({ path: "/swarm" });
    return (json as { readonly ID: string }).ID;
  }

  /** Without waiting for its first answer. */
  begin(): void {
    this.#child = this.#spawn();
  }

  async start(): Promise<void> {
    const child = this.#spawn();
    this.#child = child;
    await eventually("skepd answers", async () => {
      if (hasEnded(child)) return "ended";
      const { status } = await this.call({ path: "/_ping" });
      return status === 200 ? "answers" : undefined;
    });
    if (hasEnded(child)) throw new Error(`skepd ended at its start:\n${this.logTail()}`);
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const ended = once(child, "exit");
    if (hasEnded(child)) return;
    child.kill(signal);
    await ended;
  }

  /** As after somebody edited its unit file. @param flags in place of those that it had. */
  async restartWith(flags: readonly string[]): Promise<void> {
    await this.kill("SIGTERM");
    this.#settings = { ...this.#settings, flags };
    await this.start();
  }

  /** As after a crash. */
  async killAndStart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Sends a signal that does not end it. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.pid, signal);
  }

  /** Of the log so far, the lines with this message, oldest first. */
  logged(message: string): Readonly<Record<string, unknown>>[] {
    const lines = this.#readLog().split("\n");
    return lines
      .filter((line) => line.includes(JSON.stringify(message)))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  logTail(): string {
    return this.#readLog().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    const identity = await loadIdentity(this.dataDir);
    const { engineSocket } = this.#settings;
    if (identity !== undefined && engineSocket !== undefined) {
      await removeContainers(engineSocket, identity.node.clusterId);
    }
    await killTaskProcesses(this.dataDir);
    this.#log = this.#readLog();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** In peace, so that nothing it asked the engine for is still under way. */
  async #end(): Promise<void> {
    if (this.#child === undefined || hasEnded(this.#child)) return;
    this.#child.kill("SIGCONT"); // a stopped process hears nothing else
    const late = setTimeout(() => this.#child?.kill("SIGKILL"), PATIENCE_MS);
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    clearTimeout(late);
    this.#child = undefined;
  }

  #spawn(): ChildProcess {
    const { engine, engineSocket, flags = [], hostname, launcher = [] } = this.#settings;
    const log = openSync(this.#logPath, "a");
    const args = ["--data-dir", this.dataDir, "--socket", this.socketPath];
    args.push("--listen-addr", "127.0.0.1:0", "--engine", engine);
    // The kernel of the machine that tests run on is none of theirs.
    args.push("--networks", "off", ...flags);
    if (engineSocket !== undefined) args.push("--engine-socket", engineSocket);
    if (hostname !== undefined) args.push("--hostname", hostname);
    try {
      const main = join(DIST, "node", "main.js");
      const [program = "", ...rest] = [...launcher, process.execPath, main, ...args];
      return spawn(program, rest, { stdio: ["ignore", log, log] });
    } finally {
      closeSync(log);
    }
  }

  get #logPath(): string {
    return join(this.#folder, "skepd.log");
  }

  #readLog(): string {
    try {
      return readFileSync(this.#logPath, "utf8");
    } catch {
      return this.#log;
    }
  }
}

/** One that is expected to refuse: to its end. */
export function runSkepd(args: readonly string[]): Promise<CommandResult> {
  return commandLine([process.execPath, join(DIST, "node", "main.js")], process.env).run(args);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
