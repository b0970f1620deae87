/** A manager as a process of its own, with what the kernel says it costs. */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { systemClock } from "../../shared/ports/system-clock.js";
import { EngineCalls } from "../engine-calls.js";
import type { LoopDelay } from "../large/loop-probe.js";

const SKEPD = fileURLToPath(new URL("../../node/main.js", import.meta.url));
const PROBE = new URL("../large/loop-probe.js", import.meta.url).href;
const LOOK_EVERY_MS = 20;
const START_LIMIT_MS = 30_000;
/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

export class ManagerProcess {
  readonly api: EngineCalls;
  readonly address: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  static async make(folder: string): Promise<ManagerProcess> {
    return new ManagerProcess(folder, `127.0.0.1:${await freePort()}`);
  }

  private constructor(folder: string, address: string) {
    this.#folder = folder;
    this.address = address;
    this.api = new EngineCalls(join(folder, "manager.sock"));
  }

  /** Resolves once it answers. Where there is more than one core it has one of its own. */
  async start(): Promise<void> {
    const log = openSync(join(this.#folder, "manager.log"), "a");
    const flags = ["--data-dir", join(this.#folder, "manager"), "--engine", "process"];
    const door = ["--socket", join(this.#folder, "manager.sock"), "--listen-addr", this.address];
    const program = [process.execPath, "--import", PROBE, SKEPD];
    const words = ["-c", "0", ...program, ...flags, ...door];
    this.#child = spawn("taskset", words, { stdio: ["ignore", log, log, "ipc"] });
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    while (!(await this.#answers())) await systemClock.sleep(LOOK_EVERY_MS, limit);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Seconds of a core that it has used since it was started. */
  get cpuSeconds(): number {
    const stat = this.#proc("stat");
    // The name before it may hold anything, a bracket last.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** How late its event loop was since this was asked last. */
  loopDelay(): Promise<LoopDelay> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      if (child === undefined) throw new Error("the manager does not run");
      child.once("message", (answer) => resolve(answer as LoopDelay));
      child.send("loop-delay", (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** The most memory that it has had since it was started. */
  get peakBytes(): number {
    return Number(/VmHWM:\s+(\d+) kB/.exec(this.#proc("status"))?.[1]) * KIB;
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child?.pid ?? 0}/${file}`, "utf8");
  }

  async #answers(): Promise<boolean> {
    try {
      await this.api.call("GET", "/version");
      return true;
    } catch {
      return false; // not yet: the time that is waited has a limit
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
