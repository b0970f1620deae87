/**
 * Docker's own Swarm mode on the engines of a laboratory: the peer that our updates are compared with. It stands beside
 * Skep's cluster on the same hosts, on ports of its own.
 */
import type { LabHost } from "../../deploy/lab/layout.js";
import { assert } from "../../shared/errors/assert.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { EngineCalls } from "../engine-calls.js";

/** Skep has Docker's usual port. */
const PORT = 2379;
/** And its usual port for VXLAN. */
const DATA_PATH_PORT = 4790;
const READY_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

export class SwarmMode implements AsyncDisposable {
  readonly #engines: readonly EngineCalls[];

  /** Resolves once all hosts are ready; the first one is the manager. */
  static async form(hosts: readonly LabHost[]): Promise<SwarmMode> {
    const engines = hosts.map(({ dockerSocket }) => new EngineCalls(dockerSocket));
    const swarm = new SwarmMode(engines);
    try {
      await swarm.#form(hosts);
    } catch (error) {
      await swarm[Symbol.asyncDispose]();
      throw error;
    }
    return swarm;
  }

  private constructor(engines: readonly EngineCalls[]) {
    this.#engines = engines;
  }

  /** Of its manager. */
  get api(): EngineCalls {
    const [first] = this.#engines;
    assert(first !== undefined, "there is a host");
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines.toReversed()) {
      // Where it never joined there is nothing to leave.
      await engine.call("POST", "/swarm/leave?force=true").catch(() => undefined);
      engine.close();
    }
  }

  async #form(hosts: readonly LabHost[]): Promise<void> {
    const [first, ...others] = hosts;
    assert(first !== undefined, "there is a host");
    const init = { ...addressesOf(first), DataPathPort: DATA_PATH_PORT };
    await this.api.call("POST", "/swarm/init", init);
    const { JoinTokens } = await this.api.call<{ JoinTokens: { Worker: string } }>("GET", "/swarm");
    const RemoteAddrs = [`${first.address}:${PORT}`];
    for (const [i, host] of others.entries()) {
      const body = { ...addressesOf(host), RemoteAddrs, JoinToken: JoinTokens.Worker };
      await this.#engines[i + 1]?.call("POST", "/swarm/join", body);
    }
    await this.#untilReady();
  }

  async #untilReady(): Promise<void> {
    const limit = AbortSignal.timeout(READY_LIMIT_MS);
    for (;;) {
      const nodes = await this.api.call<{ Status: { State: string } }[]>("GET", "/nodes");
      const ready = nodes.filter(({ Status }) => Status.State === "ready");
      if (ready.length === this.#engines.length) return;
      await systemClock.sleep(LOOK_EVERY_MS, limit);
    }
  }
}

function addressesOf({ address }: LabHost): object {
  return { ListenAddr: `0.0.0.0:${PORT}`, AdvertiseAddr: `${address}:${PORT}` };
}
