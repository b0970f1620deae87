/** A `skepd` as a process of its own, as it would be on a host of its own: for the demo and for benchmarks. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { API_VERSION, type CallOptions, Client, type Method } from "../../cli/client.js";
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { DemoFailure } from "./demo-failure.js";

/** `dist/`, where this file is when it runs. */
const DIST = fileURLToPath(new URL("../..", import.meta.url));

/** Enough of a log to see why its daemon ended. */
const TAIL_LINES = 15;

/** Every answer takes milliseconds; a daemon that gives none hangs, and the demo must not hang with it. */
const CALL_LIMIT_MS = 10_000;

/** What runs its tasks. */
export type DaemonEngine =
  { readonly kind: "docker"; readonly socket: string } | { readonly kind: "process" };

export interface DaemonOptions {
  /** What the host calls itself in the cluster. */
  readonly name: string;
  /** State, socket and log are in it. */
  readonly folder: string;
  readonly engine: DaemonEngine;
  readonly signal: AbortSignal;
}

export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly socket: string;
  /** Rejects when the process ends; it should not before it is told to. */
  readonly ended: Promise<never>;
  readonly #api: Client;
  readonly #logPath: string;

  /** @throws Error the process cannot be started at all. */
  constructor({ name, folder, engine, signal }: DaemonOptions) {
    this.name = name;
    this.dataDir = join(folder, name);
    this.socket = join(folder, `${name}.sock`);
    this.#logPath = join(folder, `${name}.log`);
    mkdirSync(this.dataDir, { recursive: true });
    const child = this.#spawn(engine);
    if (child.pid === undefined) throw new Error(`${name} could not be started`);
    this.pid = child.pid;
    this.ended = new Promise((_resolve, reject) => {
      child.once("exit", (code, signalName) => {
        reject(new DemoFailure(`${name} ended by itself (${code ?? signalName ?? "unknown"})`));
      });
    });
    this.ended.catch(() => undefined); // heard of by whoever waits
    const target = { kind: "unix", socketPath: this.socket } as const;
    const endpoint = { address: `unix://${this.socket}`, target };
    this.#api = new Client({ endpoint, apiVersion: API_VERSION, signal });
  }

  /** @throws DemoFailure refused, or not answered in time. */
  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const limit = AbortSignal.timeout(CALL_LIMIT_MS);
    try {
      return await this.#api.call<T>(method, path, { ...options, signal: limit });
    } catch (cause) {
      const asked = `${this.name}, asked ${method} ${path},`;
      if (limit.aborted) {
        throw new DemoFailure(`${asked} gave no answer in ${CALL_LIMIT_MS / 1000} s`, { cause });
      }
      if (cause instanceof ClusterError)
        throw new DemoFailure(`${asked} ${cause.message}`, { cause });
      throw cause;
    }
  }

  async answers(): Promise<boolean> {
    try {
      const { Version } = await this.call<{ Version: string }>("GET", "/version");
      return Version !== "";
    } catch (error) {
      if (error instanceof DemoFailure) return false; // not yet
      throw error;
    }
  }

  /** What the daemon said last, for whoever wants to know why something did not happen. */
  logTail(): string {
    const lines = readFileSync(this.#logPath, "utf8").trimEnd().split("\n");
    return lines.slice(-TAIL_LINES).join("\n");
  }

  #spawn(engine: DaemonEngine): ChildProcess {
    const log = openSync(this.#logPath, "a");
    const options: Record<string, string> = {
      "data-dir": this.dataDir,
      socket: this.socket,
      hostname: this.name,
      engine: engine.kind,
      networks: "off", // several daemons on one host, which is not the demo's to change
      ...(engine.kind === "docker" && { "engine-socket": engine.socket }),
    };
    const args = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, value]);
    const program = join(DIST, "node", "main.js");
    // Of a session of its own: Ctrl-C is for the demo, which then ends its daemons in order.
    return spawn(process.execPath, [program, ...args], {
      detached: true,
      stdio: ["ignore", log, log],
    });
  }
}
