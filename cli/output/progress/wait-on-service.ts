/** After a change to a service: shows how it takes effect, and returns when it has. */
import type { Node } from "../../../shared/docker-api/node-spec.js";
import type { Service } from "../../../shared/docker-api/service-spec.js";
import type { Task } from "../../../shared/docker-api/task.js";
import type { Client } from "../../client.js";
import type { CommandContext } from "../../context.js";
import { DaemonRefusedError, DaemonUnreachableError, PartialFailureError } from "../../errors.js";
import { filterQuery } from "../../flags/filter.js";
import { type Convergence, look, startConvergence, type Wish } from "./core/converge.js";
import type { Observation } from "./core/count-tasks.js";
import type { Row } from "./core/rows.js";
import { displayOn, NO_DISPLAY, type ProgressDisplay } from "./display.js";

/** Fast enough that a change is seen at once; slower by half each time that nothing has changed. */
const LOOK_PERIOD_MIN_MS = 100;
const LOOK_PERIOD_MAX_MS = 1000;
const LOOK_PERIOD_GROWTH = 1.5;

/** A manager that lost its leader has a new one long before that. */
const SILENCE_MAX_MS = 10_000;
const HTTP_UNAVAILABLE = 503;

export interface WaitOptions {
  readonly serviceId: string;
  /** As the user named it, for the hint how to look on. */
  readonly reference: string;
  readonly wish: Wish;
  /** The service before the change; undefined where there was none. */
  readonly before: Service | undefined;
  readonly progress: "shown" | "quiet";
}

/** @throws PartialFailureError the update was paused, or rolled back */
export async function waitOnService(context: CommandContext, options: WaitOptions): Promise<void> {
  const watch = new ServiceWatch(context, options);
  try {
    await watch.run();
  } catch (error) {
    if (!context.interrupted.aborted) throw error;
    if (watch.complete) return;
    context.stdout.write(
      "Operation continuing in background.\n" +
        `Use \`skep service ps ${options.reference}\` to check progress.\n`,
    );
  }
}

class ServiceWatch {
  readonly #context: CommandContext;
  readonly #serviceId: string;
  readonly #display: ProgressDisplay;
  #convergence: Convergence;
  #rows: readonly Row[] = [];
  #periodMs = LOOK_PERIOD_MIN_MS;
  #silentSinceMs: number | undefined;

  constructor(context: CommandContext, options: WaitOptions) {
    this.#context = context;
    this.#serviceId = options.serviceId;
    this.#display = options.progress === "quiet" ? NO_DISPLAY : displayOn(context.stdout);
    this.#convergence = startConvergence(options.wish, options.before);
  }

  /** Whether all tasks run, and are only watched for a while yet. */
  get complete(): boolean {
    return this.#convergence.completeSinceMs !== undefined;
  }

  async run(): Promise<void> {
    const { clock, interrupted } = this.#context;
    for (;;) {
      const untilMs = await this.#lookOnce();
      if (untilMs === "done") return;
      const waitMs = Math.min(this.#periodMs, (untilMs ?? Infinity) - clock.nowMs());
      await clock.sleep(Math.max(0, waitMs), interrupted);
    }
  }

  /**
   * @returns when the rows change even if the cluster does not; "done" when
   *   there is no more to see.
   */
  async #lookOnce(): Promise<number | undefined | "done"> {
    const { clock } = this.#context;
    const observation = await this.#observe();
    if (observation === undefined) return undefined;
    const { rows, verdict, next } = look(observation, this.#convergence, clock.nowMs());
    this.#convergence = next;
    this.#show(rows);
    switch (verdict.kind) {
      case "converged":
        return "done";
      case "failed":
        throw new PartialFailureError([verdict.reason]);
      case "waiting":
        return verdict.untilMs;
    }
  }

  #show(rows: readonly Row[]): void {
    const changed = JSON.stringify(rows) !== JSON.stringify(this.#rows);
    this.#periodMs = changed
      ? LOOK_PERIOD_MIN_MS
      : Math.min(LOOK_PERIOD_MAX_MS, this.#periodMs * LOOK_PERIOD_GROWTH);
    this.#rows = rows;
    this.#display.show(rows);
  }

  /** @returns undefined while nobody can answer: the managers may just be choosing a leader. */
  async #observe(): Promise<Observation | undefined> {
    const { client, clock } = this.#context;
    try {
      const observation = await observe(client, this.#serviceId);
      this.#silentSinceMs = undefined;
      return observation;
    } catch (error) {
      const nowMs = clock.nowMs();
      this.#silentSinceMs ??= nowMs;
      if (!isPassing(error) || nowMs - this.#silentSinceMs >= SILENCE_MAX_MS) throw error;
      this.#display.show([...this.#rows, { id: "skepd", text: "no answer, trying again" }]);
      return undefined;
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof DaemonUnreachableError) return true;
  return error instanceof DaemonRefusedError && error.httpStatus === HTTP_UNAVAILABLE;
}

async function observe(client: Client, serviceId: string): Promise<Observation> {
  const filters = filterQuery({ service: [serviceId], "_up-to-date": ["true"] });
  const [service, tasks, nodes] = await Promise.all([
    client.call<Service>("GET", `/services/${serviceId}`),
    client.call<Task[]>("GET", "/tasks", { query: { filters } }),
    client.call<Node[]>("GET", "/nodes"),
  ]);
  const live = nodes.filter(({ Status: status }) => status.State !== "down");
  return { service, tasks, liveNodes: new Set(live.map(({ ID: id }) => id)) };
}
