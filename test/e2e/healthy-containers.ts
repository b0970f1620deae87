/**
 * How many healthy containers of a service there are, by the word of the engines alone: each change
 * of a container's health and each end, with the engine's own time. Hosts of a laboratory share one
 * clock, so what they say makes one exact story: no moment between two looks is missed.
 */
import { createInterface } from "node:readline";

import Docker from "dockerode";

interface EngineEvent {
  readonly status: string;
  readonly id: string;
  readonly timeNano: number;
}

interface Change {
  readonly atNs: number;
  readonly id: string;
  readonly healthy: boolean;
}

export class HealthyContainers {
  readonly #changes: Change[] = [];
  readonly #closers: (() => void)[] = [];

  /** @param service of which no container runs yet */
  static async watch(sockets: readonly string[], service: string): Promise<HealthyContainers> {
    const healthy = new HealthyContainers();
    for (const socket of sockets) await healthy.#watch(socket, service);
    return healthy;
  }

  get now(): number {
    return this.#story().at(-1)?.count ?? 0;
  }

  /** The fewest at any moment since there were so many for the first time. */
  leastSince(count: number): number {
    const counts = this.#story().map((moment) => moment.count);
    const from = counts.findIndex((each) => each >= count);
    return from === -1 ? 0 : Math.min(...counts.slice(from));
  }

  close(): void {
    for (const close of this.#closers.splice(0)) close();
  }

  #story(): { readonly atNs: number; readonly count: number }[] {
    const healthy = new Set<string>();
    return [...this.#changes]
      .sort((a, b) => a.atNs - b.atNs)
      .map(({ atNs, id, healthy: isHealthy }) => {
        if (isHealthy) healthy.add(id);
        else healthy.delete(id);
        return { atNs, count: healthy.size };
      });
  }

  async #watch(socketPath: string, service: string): Promise<void> {
    // A container that was sent a signal serves no more, whether or not it has ended.
    const event = ["health_status", "kill", "die"];
    const label = [`com.docker.swarm.service.name=${service}`];
    const stream = await new Docker({ socketPath }).getEvents({ filters: { event, label } });
    this.#closers.push(() => (stream as NodeJS.ReadableStream & { destroy(): void }).destroy());
    createInterface(stream).on("line", (line) => {
      const { status, id, timeNano } = JSON.parse(line) as EngineEvent;
      this.#changes.push({ atNs: timeNano, id, healthy: status === "health_status: healthy" });
    });
  }
}
