/**
 * Whether the host's engine answers, and what it says of its tasks. An engine may go away with a
 * word (its connections break) or without one (it hangs): the first shows in the stream of its
 * events, the second in that nobody answers a ping. While it is away nothing is known of its tasks.
 */
import { setMaxListeners } from "node:events";

import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { EngineHealth } from "../../shared/model/engine-health.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Engine } from "../engine/engine.js";
import { EngineUnavailableError } from "../engine/engine-errors.js";

/** How long an engine that does not answer is left alone; it is local, and asking costs little. */
const RETRY_MS = 500;
/** How often an engine that says nothing by itself is asked whether it is there. */
const PING_PERIOD_MS = 2_000;
/** One that is busy with many containers answers within a second or so. */
const PING_LIMIT_MS = 3_000;

export interface EngineWatchOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The engine is there, perhaps after it was away: everything has to be looked at. */
  readonly lookAround: (signal: AbortSignal) => Promise<void>;
  readonly look: (taskId: TaskId) => void;
  readonly onHealth: (health: EngineHealth) => void;
}

export class EngineWatch {
  readonly #options: EngineWatchOptions;
  #tell: () => void = () => undefined;
  /** It has answered, or failed to. */
  readonly #heard = new Promise<void>((resolve) => (this.#tell = resolve));
  #health: EngineHealth = { kind: "away", reason: "not since the agent began" };

  constructor(options: EngineWatchOptions) {
    this.#options = options;
  }

  get health(): EngineHealth {
    return this.#health;
  }

  /** Resolves once it has answered or failed to, or the time is over. */
  async answered(limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    const wait = clock.sleep(limitMs, AbortSignal.any([signal, over.signal]));
    void this.#heard.then(() => over.abort());
    await wait.catch(() => undefined);
    signal.throwIfAborted();
  }

  /** @throws the signal's reason once it is aborted, or what was no engine's fault. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.#follow(signal);
      } catch (cause) {
        signal.throwIfAborted();
        if (!(cause instanceof ClusterError)) throw cause;
        this.#is({ kind: "away", reason: cause.message });
      }
      await this.#options.clock.sleep(RETRY_MS, signal);
    }
  }

  /** Until the engine goes away. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { engine, look, lookAround } = this.#options;
    const silent = new AbortController();
    const end = (): void => silent.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    setMaxListeners(0, silent.signal);
    const pings = this.#ping(silent);
    try {
      for await (const event of engine.events(silent.signal)) {
        if (event.kind === "task") {
          look(event.taskId);
          continue;
        }
        await lookAround(silent.signal);
        this.#is({ kind: "answers" });
      }
      silent.signal.throwIfAborted();
    } finally {
      signal.removeEventListener("abort", end);
      silent.abort(new Error("the engine is followed anew"));
      await pings;
    }
  }

  /** Aborts `silent` when the engine does not answer; ends once that is aborted. */
  async #ping(silent: AbortController): Promise<void> {
    const { clock, engine } = this.#options;
    const { signal } = silent;
    try {
      for (;;) {
        await clock.sleep(PING_PERIOD_MS, signal);
        await within(PING_LIMIT_MS, clock, signal, (until) => engine.ping(until));
      }
    } catch (cause) {
      silent.abort(cause);
    }
  }

  #is(health: EngineHealth): void {
    const { logger, onHealth } = this.#options;
    const before = this.#health;
    this.#health = health;
    this.#tell();
    if (health.kind === "answers") {
      if (before.kind === "answers") return;
      logger.info({}, "the engine answers");
    } else if (before.kind === "answers" || before.reason !== health.reason) {
      logger.warn({ reason: health.reason }, "the engine does not answer, tasks are left alone");
    } else {
      return;
    }
    onHealth(health);
  }
}

async function within<T>(
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
  act: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const end = (): void => limit.abort(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  const timer = clock.after(limitMs, () => {
    limit.abort(new EngineUnavailableError(`the engine did not answer within ${limitMs} ms`));
  });
  try {
    signal.throwIfAborted();
    return await act(limit.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", end);
  }
}
