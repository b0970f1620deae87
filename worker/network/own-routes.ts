/**
 * What a host has of its own beside the cluster's networks: read when the managers are told of the host,
 * and again when its routes have changed, so that no network is put where a later one leads.
 */
import type { NetworkDescription } from "../../shared/docker-api/node-spec.js";
import type { Clock } from "../../shared/ports/clock.js";
import { hostRoutes } from "./core/host-routes.js";
import { until } from "./interruptible-wait.js";
import type { Kernel } from "./kernel.js";

/** A cable that is plugged in, or a daemon for routes, changes many at once. */
const SETTLE_MS = 1_000;
/** A matter of order, not of need. */
const WAIT_LIMIT_MS = 60_000;

export interface OwnRoutesOptions {
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** The address that the other hosts are to send to, where the user named one. */
  readonly dataPath?: string;
}

export class OwnRoutes {
  readonly #options: OwnRoutesOptions;
  /** When a change that was not told yet is taken to be over. */
  #settledMs: number | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: OwnRoutesOptions) {
    this.#options = options;
  }

  /** @throws KernelRefusedError */
  async describe(): Promise<NetworkDescription> {
    const { dataPath, kernel } = this.#options;
    const Routes = [...hostRoutes(await kernel.routes())];
    return { Routes, ...(dataPath !== undefined && { DataPathAddr: dataPath }) };
  }

  /** They may have changed. */
  hint(): void {
    this.#settledMs ??= this.#options.clock.nowMs() + SETTLE_MS;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves once they may have changed since it last did, and have settled; or `signal` aborts. */
  async change(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const waitMs = (this.#settledMs ?? Number.POSITIVE_INFINITY) - clock.nowMs();
      if (waitMs <= 0) {
        this.#settledMs = undefined;
        return;
      }
      await until(clock, Math.min(waitMs, WAIT_LIMIT_MS), signal, (wake) => {
        this.#waiting.add(wake);
        return () => this.#waiting.delete(wake);
      });
    }
  }
}
