/** A cluster of one host for benchmarks: a `skepd` in a folder of its own, manager and worker. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Daemon } from "../deploy/demo/daemon.js";
import { endDaemons } from "../deploy/demo/end-daemons.js";
import type { ServiceSpec } from "../shared/docker-api/service-spec.js";
import type { SwarmInitRequest } from "../shared/docker-api/swarm-spec.js";
import { assert } from "../shared/errors/assert.js";
import { systemClock } from "../shared/ports/system-clock.js";

const LISTEN: SwarmInitRequest = { ListenAddr: "127.0.0.1:0", AdvertiseAddr: "127.0.0.1" };
const LOOK_EVERY_MS = 50;
/** A host begins within a second or two; what takes longer will not come. */
const BEGIN_LIMIT_MS = 30_000;

export class OneHost {
  readonly #folder: string;
  readonly #daemon: Daemon;

  /** Resolves once it takes tasks. */
  static async start(engineSocket: string): Promise<OneHost> {
    const host = new OneHost(engineSocket);
    try {
      await until("the daemon to answer", () => host.#daemon.answers());
      await host.#daemon.call("POST", "/swarm/init", { body: LISTEN });
      await until("the host to be ready", async () => {
        const nodes = await host.#daemon.call<{ Status: { State: string } }[]>("GET", "/nodes");
        return nodes.some(({ Status }) => Status.State === "ready");
      });
      return host;
    } catch (error) {
      await host.end();
      throw error;
    }
  }

  private constructor(engineSocket: string) {
    this.#folder = mkdtempSync(join(tmpdir(), "skep-bench-"));
    this.#daemon = new Daemon({
      name: "bench",
      folder: this.#folder,
      engine: { kind: "docker", socket: engineSocket },
      signal: new AbortController().signal,
    });
  }

  async create(spec: ServiceSpec): Promise<void> {
    await this.#daemon.call("POST", "/services/create", { body: spec });
  }

  /** Resolves once nothing of it is left, in the cluster or on the engine. */
  async remove(service: string): Promise<void> {
    await this.#daemon.call("DELETE", `/services/${service}`);
    await until("all tasks to be gone", async () => {
      return (await this.#daemon.call<unknown[]>("GET", "/tasks")).length === 0;
    });
  }

  async end(): Promise<void> {
    await endDaemons([this.#daemon.pid], systemClock);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function until(awaited: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.nowMs() + BEGIN_LIMIT_MS;
  while (!(await holds())) {
    assert(systemClock.nowMs() < deadlineMs, `waited in vain for ${awaited}`);
    await systemClock.sleep(LOOK_EVERY_MS, new AbortController().signal);
  }
}
