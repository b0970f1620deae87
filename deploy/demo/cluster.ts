/** The demo's cluster: one manager and three workers, each a `skepd` of its own, in a folder that goes with it. */
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Client } from "../../cli/client.js";
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

  get api(): Client {
    return this.manager.api;
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
    await Promise.all(this.#daemons.map((daemon) => this.#untilItAnswers(daemon)));
    const address = await this.#init();
    const token = await this.api.call<{ JoinTokens: { Worker: string } }>("GET", "/swarm");
    const request: SwarmJoinRequest = {
      ...LISTEN,
      RemoteAddrs: [address],
      JoinToken: token.JoinTokens.Worker,
    };
    await Promise.all(
      this.workers.map(({ api }) => api.call("POST", "/swarm/join", { body: request })),
    );
    await Promise.all(this.#daemons.map((daemon) => this.#learnNodeId(daemon)));
    await this.until("four hosts that are ready", async () => {
      const nodes = await this.api.call<{ Status: { State: string } }[]>("GET", "/nodes");
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

  /** Daemons, tasks and files. */
  async clearAway(): Promise<void> {
    for (const { api } of this.#daemons) api.close();
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

  async #untilItAnswers({ name, api }: Daemon): Promise<void> {
    await this.until(`${name} to answer`, async () => {
      try {
        return { holds: (await api.callRaw("GET", "/_ping")) === "OK", seen: "another answer" };
      } catch (error) {
        this.#signal.throwIfAborted();
        return { holds: false, seen: (error as Error).message };
      }
    });
  }

  /** @returns where the manager can be joined. */
  async #init(): Promise<string> {
    await this.api.call("POST", "/swarm/init", { body: LISTEN });
    const { Swarm } = await this.api.call<{
      Swarm: { Cluster: { ID: string }; RemoteManagers: { Addr: string }[] };
    }>("GET", "/info");
    this.#remember({ clusterId: Swarm.Cluster.ID });
    return Swarm.RemoteManagers[0]?.Addr ?? "";
  }

  async #learnNodeId(daemon: Daemon): Promise<void> {
    const { Swarm } = await daemon.api.call<{ Swarm: { NodeID: string } }>("GET", "/info");
    this.#nodeIds.set(daemon, Swarm.NodeID);
  }

  #remember(change: Partial<DemoRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeRecord(this.#record);
  }
}
