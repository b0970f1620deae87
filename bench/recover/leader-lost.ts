/**
 * One loss of the leader's host: its cable is pulled, a client of another manager writes until a
 * write is taken, and the engines of the others tell when the last replacement runs.
 */
import type { Laboratory } from "../../deploy/lab/laboratory.js";
import { assert } from "../../shared/errors/assert.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { EngineCalls } from "../engine-calls.js";
import { HostContainers } from "../host-containers.js";
import {
  LIMIT_MS,
  replacementsOf,
  REPLICAS_PER_HOST,
  type SeenNode,
  serviceSpec,
  untilAllReady,
} from "./recovering-service.js";

export interface LeaderRound {
  readonly victim: string;
  readonly writeS: number;
  readonly tasksS: number;
}

export class LeaderLost {
  readonly #lab: Laboratory;
  readonly #run: string;

  constructor(lab: Laboratory, run: string) {
    this.#lab = lab;
    this.#run = run;
  }

  async measure(): Promise<LeaderRound> {
    const nodes = await this.#ask("host1", (api) => untilAllReady(api));
    const victim = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader === true);
    assert(victim !== undefined, "somebody leads");
    const { Hostname: lost } = victim.Description;
    const survivor = survivorOf(nodes, lost);
    return await this.#ask(survivor, async (api) => this.#lose(lost, api));
  }

  async #lose(victim: string, api: EngineCalls): Promise<LeaderRound> {
    const containers = await HostContainers.watch(this.#lab.hosts, this.#run);
    try {
      const { hosts } = this.#lab;
      const spec = serviceSpec(this.#run, hosts.length * REPLICAS_PER_HOST);
      await api.call("POST", "/services/create", spec);
      const isSpread = (): boolean =>
        hosts.every(({ name }) => containers.on(name).length === REPLICAS_PER_HOST);
      await containers.until(isSpread, AbortSignal.timeout(LIMIT_MS));
      const before = new Set(containers.running.map(({ id }) => id));
      const cutAtMs = systemClock.wallMs();
      await this.#lab.cut(victim);
      const writtenAtMs = await this.#write(api);
      const replaced = (): boolean =>
        replacementsOf(containers, before, victim).length >= REPLICAS_PER_HOST;
      await containers.until(replaced, AbortSignal.timeout(LIMIT_MS));
      const runningAtMs = Math.max(...replacementsOf(containers, before, victim));
      await this.#lab.mend(victim);
      await untilAllReady(api);
      await api.call("DELETE", `/services/${this.#run}`);
      const none = (): boolean => containers.running.length === 0;
      await containers.until(none, AbortSignal.timeout(LIMIT_MS));
      return {
        victim,
        writeS: (writtenAtMs - cutAtMs) / 1000,
        tasksS: (runningAtMs - cutAtMs) / 1000,
      };
    } finally {
      containers.close();
    }
  }

  /** One write after the other, as a client would, until one is taken. @returns when (wall clock, ms) */
  async #write(api: EngineCalls): Promise<number> {
    const name = `${this.#run}-written`;
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      limit.throwIfAborted();
      try {
        await api.call("POST", "/services/create", serviceSpec(name, 0));
        const takenAtMs = systemClock.wallMs();
        await api.call("DELETE", `/services/${name}`);
        return takenAtMs;
      } catch (error) {
        assert(error instanceof Error, "a refusal says why");
        // Refused while nobody leads: the next one may be taken.
      }
    }
  }

  async #ask<T>(host: string, question: (api: EngineCalls) => Promise<T>): Promise<T> {
    const api = new EngineCalls(this.#lab.host(host).skepSocket);
    try {
      return await question(api);
    } finally {
      api.close();
    }
  }
}

/** Any other manager. */
function survivorOf(nodes: readonly SeenNode[], lost: string): string {
  const other = nodes.find(
    ({ Description, ManagerStatus }) =>
      ManagerStatus !== undefined && Description.Hostname !== lost,
  );
  assert(other !== undefined, "there is another manager");
  return other.Description.Hostname;
}
