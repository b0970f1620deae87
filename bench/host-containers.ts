/**
 * The containers of one run on the hosts of a laboratory, by what their engines say of them, as it happens: which run,
 * and when each began or ended.
 */
import { createInterface } from "node:readline";

import { EngineCalls } from "./engine-calls.js";
import { RUN_LABEL } from "./start-events.js";

export interface HostContainer {
  readonly host: string;
  readonly id: string;
  /** As it was asked for. */
  readonly image: string;
  /** On the wall clock, which all hosts of a laboratory share. */
  readonly startedAtMs: number;
}

interface EngineEvent {
  readonly status: string;
  readonly id: string;
  readonly from: string;
  readonly timeNano: number;
}

const NANOSECONDS_PER_MS = 1e6;

export class HostContainers {
  readonly #running = new Map<string, HostContainer>();
  readonly #listeners = new Set<() => void>();
  readonly #closers: (() => void)[] = [];
  #endedAtMs = Number.NEGATIVE_INFINITY;

  /** @param hosts name and socket of each engine. @param run of which containers are watched, none of which is there yet. */
  static async watch(
    hosts: readonly { readonly name: string; readonly dockerSocket: string }[],
    run: string,
  ): Promise<HostContainers> {
    const containers = new HostContainers();
    for (const { name, dockerSocket } of hosts) await containers.#watch(name, dockerSocket, run);
    return containers;
  }

  /** When the last one ended that was seen to end (wall clock, ms). */
  get lastEndAtMs(): number {
    return this.#endedAtMs;
  }

  /** In the order in which they began. */
  get running(): readonly HostContainer[] {
    return [...this.#running.values()].sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  on(host: string): readonly HostContainer[] {
    return this.running.filter((container) => container.host === host);
  }

  /** Resolves as soon as `holds`; looks again whenever a container begins or ends. @throws the signal's reason. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end = (): void => {
        this.#listeners.delete(look);
        signal.removeEventListener("abort", abort);
      };
      const look = (): void => {
        if (!holds()) return;
        end();
        resolve();
      };
      const abort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      this.#listeners.add(look);
      signal.addEventListener("abort", abort, { once: true });
      look();
    });
  }

  close(): void {
    for (const close of this.#closers.splice(0)) close();
  }

  async #watch(host: string, socket: string, run: string): Promise<void> {
    const calls = new EngineCalls(socket);
    const events = ["start", "die"];
    const filters = { type: ["container"], event: events, label: [`${RUN_LABEL}=${run}`] };
    const query = new URLSearchParams({ filters: JSON.stringify(filters) });
    const stream = await calls.open("GET", `/events?${query.toString()}`);
    this.#closers.push(() => {
      stream.destroy();
      calls.close();
    });
    createInterface(stream).on("line", (line) => {
      this.#take(host, JSON.parse(line) as EngineEvent);
    });
  }

  #take(host: string, { status, id, from: image, timeNano }: EngineEvent): void {
    const atMs = timeNano / NANOSECONDS_PER_MS;
    if (status === "die") {
      this.#running.delete(id);
      this.#endedAtMs = Math.max(this.#endedAtMs, atMs);
    } else {
      this.#running.set(id, { host, id, image, startedAtMs: atMs });
    }
    for (const look of [...this.#listeners]) look();
  }
}
