/**
 * The two daemons of a host: found, started and killed. They are children of the host's first
 * process and outlive whoever started them.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { pingEngine } from "../provision/engine-api.mjs";
import { SKEPD } from "./built-programs.js";
import { enginePath, type EngineRelease } from "./engine-release.js";
import { type CommandWords, type HostDoor, wordsInHost } from "./in-host.js";
import { LabError } from "./lab-error.js";
import type { LabHost } from "./layout.js";
import { isAlive, processesBeside, type SeenProcess, sendSignal } from "./processes.js";
import { launch, SYSTEM_PATH } from "./run-program.js";
import { type Patience, until } from "./until.js";

export const DAEMONS = ["skepd", "dockerd"] as const;
export type DaemonName = (typeof DAEMONS)[number];

/** Containers of an engine that was killed: kept, ended by the next one, or kept on every other host. */
export const LIVE_RESTORE = ["on", "off", "mixed"] as const;
export type LiveRestore = (typeof LIVE_RESTORE)[number];

/** Enough of a log to see why its daemon ended. */
const LOG_TAIL_LINES = 8;

/** Numbers of processes of before: dockerd believes one that any process at all has by now. */
const STALE = ["run/docker.pid", "run/docker/containerd/containerd.pid"];

/** Tells its pid, as the host counts, and turns into the daemon. */
const BECOME = 'echo $$ >&3; exec 3>&- "$@"';

/** How a host's engine is started. */
export interface EngineSettings {
  readonly liveRestore: LiveRestore;
  readonly engine: EngineRelease;
}

interface Daemon {
  /** The `PATH` that it finds its own programs by. */
  readonly path: string;
  readonly logPath: string;
  readonly socket: string;
  readonly words: CommandWords;
  is(seen: SeenProcess): boolean;
}

export class HostDaemons {
  readonly #host: LabHost;
  readonly #door: HostDoor;
  readonly #daemons: Readonly<Record<DaemonName, Daemon>>;

  constructor(host: LabHost, door: HostDoor, { engine, liveRestore }: EngineSettings) {
    this.#host = host;
    this.#door = door;
    this.#daemons = {
      dockerd: {
        path: enginePath(engine),
        logPath: host.dockerLog,
        socket: host.dockerSocket,
        words: dockerdWords(host, door.cgroups.containerParent(host.name), {
          containers: keepsContainers(host, liveRestore) ? "kept" : "ended",
        }),
        is: ({ words }) => words.includes("--data-root") && words.includes(host.dockerData),
      },
      skepd: {
        path: SYSTEM_PATH,
        logPath: host.skepLog,
        socket: host.skepSocket,
        words: skepdWords(host),
        is: ({ words }) => words.includes(SKEPD) && words.includes(host.skepData),
      },
    };
  }

  /** As this machine counts; undefined while it does not run. */
  pidOf(name: DaemonName): number | undefined {
    const daemon = this.#daemons[name];
    return processesBeside(this.#door.pid).find((seen) => daemon.is(seen))?.pid;
  }

  answers(name: DaemonName): Promise<boolean> {
    return pingEngine(this.#daemons[name].socket);
  }

  /**
   * Resolves once its API answers.
   * @param flags for this once, after those that it is always given.
   * @throws LabError it runs already, or ended, with its last words.
   */
  async start(name: DaemonName, patience: Patience, flags: readonly string[] = []): Promise<void> {
    const daemon = this.#daemons[name];
    const { name: host } = this.#host;
    const running = this.pidOf(name);
    if (running !== undefined) {
      throw new LabError(`${name} on ${host} runs already (pid ${running})`);
    }
    if (name === "dockerd") await this.#clearRemains(patience);
    rmSync(daemon.socket, { force: true });
    const saidBefore = logOf(daemon.logPath).length;
    const isAlive = await this.#launch(daemon, flags, patience.signal);
    const outcome = await until(`${name} on ${host} to answer`, patience, async () => {
      if (!isAlive()) return "ended";
      return (await this.answers(name)) ? "answers" : undefined;
    });
    if (outcome === "ended") {
      throw new LabError(
        `${name} on ${host} ended at its start; the end of ${daemon.logPath}:\n${tailOf(logOf(daemon.logPath).slice(saidBefore))}`,
      );
    }
  }

  /**
   * Resolves once it is gone, and with an engine its containerd.
   * @param signal SIGTERM: it is asked to end.
   */
  async end(name: DaemonName, signal: "SIGKILL" | "SIGTERM", patience: Patience): Promise<void> {
    const { name: host } = this.#host;
    const pid = this.pidOf(name);
    if (pid === undefined) throw new LabError(`${name} on ${host} does not run`);
    sendSignal(pid, signal);
    await until(`${name} on ${host} to end`, patience, () => (isAlive(pid) ? undefined : "gone"));
    if (name === "dockerd") await this.#awaitContainerd(patience);
  }

  /** A killed engine takes its containerd along, though not in the same instant. */
  async #awaitContainerd(patience: Patience): Promise<void> {
    await until(`containerd on ${this.#host.name} to follow its dockerd`, patience, () => {
      const left = processesBeside(this.#door.pid).filter(
        ({ words }) => basename(words[0] ?? "") === "containerd",
      );
      return left.length === 0 ? "gone" : undefined;
    });
  }

  async #clearRemains(patience: Patience): Promise<void> {
    await this.#awaitContainerd(patience);
    for (const path of STALE) rmSync(`/proc/${this.#door.pid}/root/${path}`, { force: true });
  }

  /**
   * Once this resolves the daemon is there, or has ended already.
   * @returns whether it lives. (Its command line does not tell: while a process turns into another
   *   program it has none.)
   */
  async #launch(
    { words, logPath, path }: Daemon,
    flags: readonly string[],
    signal: AbortSignal,
  ): Promise<() => boolean> {
    const detached = ["setsid", "--fork", "sh", "-c", BECOME, "sh", ...words, ...flags] as const;
    mkdirSync(dirname(logPath), { recursive: true });
    const log = openSync(logPath, "a");
    try {
      const pid = await launch(wordsInHost(this.#door, detached), { log, path, signal });
      const processes = join("/proc", String(this.#door.pid), "root/proc");
      return () => isAlive(Number(pid), processes);
    } finally {
      closeSync(log);
    }
  }
}

/** Whether containers of this host outlive its engine. */
export function keepsContainers({ number }: LabHost, liveRestore: LiveRestore): boolean {
  return liveRestore === "on" || (liveRestore === "mixed" && number % 2 === 1);
}

function dockerdWords(
  host: LabHost,
  containerParent: string,
  { containers }: { readonly containers: "ended" | "kept" },
): CommandWords {
  return [
    "dockerd",
    ...["--host", `unix://${host.dockerSocket}`],
    ...["--config-file", host.dockerConfig],
    ...["--data-root", host.dockerData],
    ...["--bip", host.bridgeAddress],
    ...["--default-address-pool", host.addressPool],
    ...["--cgroup-parent", containerParent],
    ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
    ...(containers === "kept" ? ["--live-restore"] : []),
  ];
}

function skepdWords(host: LabHost): CommandWords {
  return [
    process.execPath,
    SKEPD,
    ...["--data-dir", host.skepData],
    ...["--socket", host.skepSocket],
    ...["--engine", "docker"],
    ...["--engine-socket", host.dockerSocket],
  ];
}

function logOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function tailOf(log: string): string {
  return log.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}
