/**
 * One loss of a worker's host: its cable is pulled, and the engines of the others tell when the last
 * replacement runs; then it is put back, and its own engine tells when the surplus is gone.
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
  serviceSpec,
  untilAllReady,
} from "./recovering-service.js";

export interface WorkerRound {
  readonly lostS: number;
  readonly surplusS: number;
}

/** One round, with a service of its own: lost hosts get their share only of what is created after. */
export class WorkerLost {
  readonly #lab: Laboratory;
  readonly #run: string;
  readonly #victim: string;
  readonly #api: EngineCalls;

  constructor(lab: Laboratory, run: string, victim: string) {
    this.#lab = lab;
    this.#run = run;
    this.#victim = victim;
    this.#api = new EngineCalls(lab.host("host1").skepSocket);
  }

  async measure(): Promise<WorkerRound> {
    await untilAllReady(this.#api);
    const containers = await HostContainers.watch(this.#lab.hosts, this.#run);
    try {
      await this.#api.call(
        "POST",
        "/services/create",
        serviceSpec(this.#run, this.#lab.hosts.length * REPLICAS_PER_HOST),
      );
      await containers.until(() => this.#isSpread(containers), AbortSignal.timeout(LIMIT_MS));
      const lostS = await this.#cut(containers);
      const surplusS = await this.#mend(containers);
      await this.#api.call("DELETE", `/services/${this.#run}`);
      const none = (): boolean => containers.running.length === 0;
      await containers.until(none, AbortSignal.timeout(LIMIT_MS));
      return { lostS, surplusS };
    } finally {
      containers.close();
      this.#api.close();
    }
  }

  #isSpread(containers: HostContainers): boolean {
    return this.#lab.hosts.every(({ name }) => containers.on(name).length === REPLICAS_PER_HOST);
  }

  async #cut(containers: HostContainers): Promise<number> {
    const before = new Set(containers.running.map(({ id }) => id));
    const replacements = (): number[] => replacementsOf(containers, before, this.#victim);
    const cutAtMs = systemClock.wallMs();
    await this.#lab.cut(this.#victim);
    const replaced = (): boolean => replacements().length >= REPLICAS_PER_HOST;
    await containers.until(replaced, AbortSignal.timeout(LIMIT_MS));
    const took = Math.max(...replacements()) - cutAtMs;
    assert(containers.on(this.#victim).length === REPLICAS_PER_HOST, "a lost host's tasks run on");
    return took / 1000;
  }

  async #mend(containers: HostContainers): Promise<number> {
    const elsewhere = containers.running.filter(({ host }) => host !== this.#victim);
    const mendedAtMs = systemClock.wallMs();
    await this.#lab.mend(this.#victim);
    const gone = (): boolean => containers.on(this.#victim).length === 0;
    await containers.until(gone, AbortSignal.timeout(LIMIT_MS));
    const tookMs = systemClock.wallMs() - mendedAtMs;
    await untilAllReady(this.#api);
    const now = containers.running.map(({ id }) => id).sort();
    const untouched = elsewhere.map(({ id }) => id).sort();
    assert(now.join() === untouched.join(), "nothing but the surplus was touched");
    return tookMs / 1000;
  }
}
