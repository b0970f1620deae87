/** When containers began to run, by the engine's own clock: its event stream, not what anyone else says. */
import { createInterface } from "node:readline";

import type { EngineCalls } from "./engine-calls.js";

/** The label whose value says which run of the benchmark a container belongs to. */
export const RUN_LABEL = "skep.bench.run";

const NANOSECONDS_PER_MS = 1e6;

interface StartEvent {
  readonly timeNano: number;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

interface Awaited {
  left: number;
  readonly resolve: (lastAtMs: number) => void;
}

export class StartEvents {
  readonly #awaited = new Map<string, Awaited>();
  readonly #close: () => void;

  static async open(engine: EngineCalls): Promise<StartEvents> {
    const filters = { type: ["container"], event: ["start"], label: [RUN_LABEL] };
    const query = new URLSearchParams({ filters: JSON.stringify(filters) });
    const stream = await engine.open("GET", `/events?${query.toString()}`);
    const events = new StartEvents(() => stream.destroy());
    createInterface(stream).on("line", (line) => {
      events.#take(JSON.parse(line) as StartEvent);
    });
    return events;
  }

  private constructor(close: () => void) {
    this.#close = close;
  }

  /**
   * Resolves with the wall clock (ms) at which the last of `count` containers of a run began; call it before the
   * first is made.
   */
  lastOf(count: number, run: string): Promise<number> {
    return new Promise((resolve) => this.#awaited.set(run, { left: count, resolve }));
  }

  close(): void {
    this.#close();
  }

  #take({ timeNano, Actor }: StartEvent): void {
    const run = Actor.Attributes[RUN_LABEL] ?? "";
    const awaited = this.#awaited.get(run);
    if (awaited === undefined) return;
    awaited.left--;
    if (awaited.left > 0) return;
    this.#awaited.delete(run);
    awaited.resolve(timeNano / NANOSECONDS_PER_MS);
  }
}
