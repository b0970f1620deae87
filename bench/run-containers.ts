/** The containers of a benchmark's runs, whoever made them: looked at and removed. */
import { systemClock } from "../shared/ports/system-clock.js";
import type { EngineCalls } from "./engine-calls.js";
import { RUN_LABEL } from "./start-events.js";

const LOOK_EVERY_MS = 50;
const NEVER = new AbortController().signal;

interface Summary {
  readonly Id: string;
}

interface Inspect {
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

export class RunContainers {
  readonly #engine: EngineCalls;

  constructor(engine: EngineCalls) {
    this.#engine = engine;
  }

  /** Of each running container of `run`: all that it was made with, but for what names this one. */
  async runningShapes(run: string): Promise<string[]> {
    const running = await this.#list({ label: [`${RUN_LABEL}=${run}`], status: ["running"] });
    return Promise.all(
      running.map(async ({ Id }) => {
        const inspect = await this.#engine.call<Inspect>("GET", `/containers/${Id}/json`);
        const { Hostname: _own, Labels, ...config } = inspect.Config;
        const labels = Object.keys(Labels as object).sort();
        return JSON.stringify({ ...config, labels, ...inspect.HostConfig });
      }),
    );
  }

  async removeAll(): Promise<void> {
    const all = await this.#list({ label: [RUN_LABEL] });
    const path = ({ Id }: Summary): string => `/containers/${Id}?force=true&v=true`;
    await Promise.all(all.map((container) => this.#engine.call("DELETE", path(container))));
  }

  async untilNone(): Promise<void> {
    while ((await this.#list({ label: [RUN_LABEL] })).length > 0) {
      await systemClock.sleep(LOOK_EVERY_MS, NEVER);
    }
  }

  #list(filters: Readonly<Record<string, readonly string[]>>): Promise<Summary[]> {
    const query = new URLSearchParams({ all: "true", filters: JSON.stringify(filters) });
    return this.#engine.call("GET", `/containers/json?${query.toString()}`);
  }
}
