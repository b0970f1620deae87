/** A cluster of three managers for benchmarks: each a `skepd` of its own on the loopback, with plain processes as tasks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Daemon } from "../deploy/demo/daemon.js";
import { endDaemons } from "../deploy/demo/end-daemons.js";
import type { RaftReport } from "../shared/docker-api/consensus.js";
import type { SwarmInitRequest, SwarmSpec } from "../shared/docker-api/swarm-spec.js";
import { assert } from "../shared/errors/assert.js";
import { systemClock } from "../shared/ports/system-clock.js";

const HERE = { ListenAddr: "127.0.0.1:0", AdvertiseAddr: "127.0.0.1" };
const NAMES = ["manager1", "manager2", "manager3"] as const;
const LOOK_EVERY_MS = 50;
const BEGIN_LIMIT_MS = 30_000;

export class ThreeManagers {
  readonly daemons: readonly Daemon[];
  readonly #folder: string;

  /** Resolves once all three vote. */
  static async start(spec: SwarmSpec = {}): Promise<ThreeManagers> {
    const folder = mkdtempSync(join(tmpdir(), "skep-bench-"));
    const managers = new ThreeManagers(folder);
    try {
      await managers.#form(spec);
      return managers;
    } catch (error) {
      await managers.end();
      throw error;
    }
  }

  private constructor(folder: string) {
    this.#folder = folder;
    const { signal } = new AbortController();
    const engine = { kind: "process" } as const;
    this.daemons = NAMES.map((name) => new Daemon({ name, folder, engine, signal }));
  }

  get first(): Daemon {
    const [first] = this.daemons;
    assert(first !== undefined, "there are three");
    return first;
  }

  raft(): Promise<RaftReport> {
    return this.first.call<RaftReport>("GET", "/skep/v1/swarm/raft");
  }

  /** The one that leads. */
  async leader(): Promise<Daemon> {
    const { members } = await this.raft();
    const leader = members.find(({ role }) => role === "leader");
    const daemon = this.daemons.find(({ name }) => name === leader?.hostname);
    assert(daemon !== undefined, "somebody leads");
    return daemon;
  }

  async end(): Promise<void> {
    await endDaemons(
      this.daemons.map(({ pid }) => pid),
      systemClock,
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #form(Spec: SwarmSpec): Promise<void> {
    for (const daemon of this.daemons) await until("a daemon to answer", () => daemon.answers());
    const [first, ...others] = this.daemons;
    assert(first !== undefined, "there are three");
    const init: SwarmInitRequest = { ...HERE, Spec };
    await first.call("POST", "/swarm/init", { body: init });
    const { JoinTokens } = await first.call<{ JoinTokens: { Manager: string } }>("GET", "/swarm");
    const { members } = await this.raft();
    const RemoteAddrs = members.map(({ address }) => address);
    const body = { ...HERE, JoinToken: JoinTokens.Manager, RemoteAddrs };
    for (const other of others) await other.call("POST", "/swarm/join", { body });
    await until("three managers to vote", async () => {
      const report = await this.raft();
      return report.members.filter(({ role }) => role !== "learner").length === NAMES.length;
    });
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + BEGIN_LIMIT_MS;
  while (!(await holds())) {
    assert(systemClock.nowMs() < endMs, `waited ${BEGIN_LIMIT_MS} ms for ${what}`);
    await systemClock.sleep(LOOK_EVERY_MS, new AbortController().signal);
  }
}
