/** One `skepd` of the demo: a process of its own, as it would be on a host of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { API_VERSION, Client } from "../../cli/client.js";
import { DemoFailure } from "./demo-failure.js";
import type { DemoEngine } from "./find-engine.js";

/** `dist/`, where this file is when it runs. */
const DIST = fileURLToPath(new URL("../..", import.meta.url));

/** Enough of a log to see why its daemon ended. */
const TAIL_LINES = 15;

export interface DaemonOptions {
  /** What the host calls itself in the cluster. */
  readonly name: string;
  /** The demo's own: state, socket and log are in it. */
  readonly folder: string;
  readonly engine: DemoEngine;
  readonly signal: AbortSignal;
}

export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly socket: string;
  readonly api: Client;
  /** Rejects when the process ends; it should not before it is told to. */
  readonly ended: Promise<never>;
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
    this.api = new Client({ endpoint, apiVersion: API_VERSION, signal });
  }

  #spawn(engine: DemoEngine): ChildProcess {
    const log = openSync(this.#logPath, "a");
    const options: Record<string, string> = {
      "data-dir": this.dataDir,
      socket: this.socket,
      hostname: this.name,
      engine: engine.kind,
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

  /** What the daemon said last, for whoever wants to know why something did not happen. */
  logTail(): string {
    const lines = readFileSync(this.#logPath, "utf8").trimEnd().split("\n");
    return lines.slice(-TAIL_LINES).join("\n");
  }
}
