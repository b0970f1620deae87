/** The demo's cluster: one manager and three workers, each a `skepd` of its own, in a folder that goes with it. */
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SwarmInitRequest, SwarmJoinRequest } from "../../shared/docker-api/swarm-spec.js";
import type { Clock } from "../../shared/ports/clock.js";
import { Daemon } from "./daemon.js";
import { DemoFailure } from "./demo-failure.js";
import type { DemoEngine } from "./find-engine.js";
import { clearAway, type DemoRecord, FOLDER_PREFIX, viewOf, writeRecord } from "./record.js";
import type { TaskView } from "./task-view.js";

const WORKERS = ["worker-1", "worker-2", "worker-3"];

/** Far longer than anything takes here, also on a busy machine. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** A port that the system chooses: whatever else runs here, it is free. */
const LISTEN: SwarmInitRequest = { ListenAddr: "127.0.0.1:0", AdvertiseAddr: "127.0.0.1" };

interface ManagerInfo {
  readonly Swarm: {
    readonly Cluster: { readonly ID: string };
    readonly RemoteManagers: readonly { readonly Addr: string }[];
  };
}

interface JoinableSwarm {
  readonly JoinTokens: { readonly Worker: string };
}

export class DemoCluster {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #daemons: Daemon[] = [];
  readonly #nodeIds = new Map<Daemon, string>();
  #record: DemoRecord;

  constructor(engine: DemoEngine, clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    // The real path: the kernel tells no other.
    const folder = realpathSync(mkdtempSync(join(tmpdir(), FOLDER_PREFIX)));
    const { socket, image } = engine.kind === "docker" ? engine : {};
    this.#record = {
      folder,
      ownerPid: process.pid,
      daemonPids: [],
      ...(socket !== undefined && image !== undefined && { docker: { socket, image } }),
    };
    writeRecord(this.#record);
  }

  get manager(): Daemon {
    return this.#daemon("manager");
  }

  get workers(): readonly Daemon[] {
    return WORKERS.map((name) => this.#daemon(name));
  }

  get tasks(): TaskView {
    return viewOf(this.#record);
  }

  /** Of this host in the cluster. */
  nodeIdOf(daemon: Daemon): string {
    return this.#nodeIds.get(daemon) ?? "";
  }

  /** Resolves once all four are one cluster and ready for tasks. */
  async start(engine: DemoEngine): Promise<void> {
    for (const name of ["manager", ...WORKERS]) this.#spawn(name, engine);
    await this.until("all daemons to answer", async () => {
      const answers = await Promise.all(this.#daemons.map((daemon) => daemon.answers()));
      return { holds: !answers.includes(false), seen: answers };
    });
    await this.manager.call("POST", "/swarm/init", { body: LISTEN });
    const { Swarm } = await this.manager.call<ManagerInfo>("GET", "/info");
    this.#remember({ clusterId: Swarm.Cluster.ID });
    const { JoinTokens } = await this.manager.call<JoinableSwarm>("GET", "/swarm");
    const body: SwarmJoinRequest = {
      ...LISTEN,
      RemoteAddrs: Swarm.RemoteManagers.map(({ Addr }) => Addr),
      JoinToken: JoinTokens.Worker,
    };
    await Promise.all(this.workers.map((worker) => worker.call("POST", "/swarm/join", { body })));
    await Promise.all(this.workers.map((worker) => this.#learnNodeId(worker)));
    await this.until("four hosts that are ready", async () => {
      const nodes = await this.manager.call<{ Status: { State: string } }[]>("GET", "/nodes");
      const states = nodes.map(({ Status }) => Status.State);
      return { holds: states.filter((state) => state === "ready").length === 4, seen: states };
    });
  }

  /**
   * Looks again and again, until what is waited for holds.
   * @throws DemoFailure it did not in time, or a daemon has ended; with what the daemons said last.
   */
  async until(
    awaited: string,
    look: () => Promise<{ readonly holds: boolean; readonly seen: unknown }>,
  ): Promise<void> {
    const deadlineMs = this.#clock.nowMs() + PATIENCE_MS;
    let seen: unknown;
    const watch = async (): Promise<boolean> => {
      while (this.#clock.nowMs() < deadlineMs) {
        const now = await look();
        if (now.holds) return true;
        seen = now.seen;
        await this.#clock.sleep(LOOK_EVERY_MS, this.#signal);
      }
      return false;
    };
    const ended = this.#daemons.map(({ ended }) => ended);
    if (await Promise.race([watch(), ...ended])) return;
    throw new DemoFailure(
      `waited ${PATIENCE_MS / 1000} s for ${awaited}, and saw ${JSON.stringify(seen)}`,
    );
  }

  /** What each daemon said last. */
  logTails(): string {
    return this.#daemons.map((daemon) => `${daemon.name}:\n${daemon.logTail()}`).join("\n\n");
  }

  /** From now on nobody looks after it; `--stop` finds it. */
  abandon(): void {
    const { ownerPid: _ended, ...kept } = this.#record;
    this.#record = kept;
    writeRecord(kept);
  }

  /** Daemons, tasks and files. */
  async clearAway(): Promise<void> {
    await clearAway(this.#record, this.#clock);
  }

  #daemon(name: string): Daemon {
    const daemon = this.#daemons.find((candidate) => candidate.name === name);
    if (daemon === undefined) throw new DemoFailure(`${name} was not started`);
    return daemon;
  }

  #spawn(name: string, engine: DemoEngine): void {
    const { folder } = this.#record;
    const daemon = new Daemon({ name, folder, engine, signal: this.#signal });
    this.#daemons.push(daemon);
    this.#remember({ daemonPids: this.#daemons.map(({ pid }) => pid) });
  }

  async #learnNodeId(daemon: Daemon): Promise<void> {
    const { Swarm } = await daemon.call<{ Swarm: { NodeID: string } }>("GET", "/info");
    this.#nodeIds.set(daemon, Swarm.NodeID);
  }

  #remember(change: Partial<DemoRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeRecord(this.#record);
  }
}
