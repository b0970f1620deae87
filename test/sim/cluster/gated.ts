/**
 * What a simulated process has outside of itself: its engine, its disk, its manager's store. Their
 * answers reach it as messages do: not while it is stopped, never once it is dead.
 */
import type { StoreView } from "../../../manager/store/core/view.js";
import type { Store } from "../../../manager/store/store.js";
import type {
  CommittedBatch,
  StoreAccess,
  Transaction,
  UpdateOptions,
  Watch,
} from "../../../manager/store/store-access.js";
import { NoLeaderError } from "../../../shared/errors/cluster-error.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { Engine, EngineEvent, StopOptions, TaskRun } from "../../../worker/engine/engine.js";
import type { SimulatedEngine } from "../simulated-engine.js";
import type { ProcessClock } from "./process-clock.js";

export class GatedEngine implements Engine {
  readonly #engine: SimulatedEngine;
  readonly #process: ProcessClock;

  constructor(engine: SimulatedEngine, process: ProcessClock) {
    this.#engine = engine;
    this.#process = process;
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#process.hear(this.#engine.ping(signal));
  }

  describe(signal: AbortSignal): ReturnType<Engine["describe"]> {
    return this.#process.hear(this.#engine.describe(signal));
  }

  prepare(run: TaskRun, signal: AbortSignal): ReturnType<Engine["prepare"]> {
    return this.#process.hear(this.#engine.prepare(run, signal));
  }

  start(taskId: TaskId, signal: AbortSignal): ReturnType<Engine["start"]> {
    return this.#process.hear(this.#engine.start(taskId, signal));
  }

  observe(taskId: TaskId, signal: AbortSignal): ReturnType<Engine["observe"]> {
    return this.#process.hear(this.#engine.observe(taskId, signal));
  }

  stop(taskId: TaskId, options: StopOptions, signal: AbortSignal): ReturnType<Engine["stop"]> {
    return this.#process.hear(this.#engine.stop(taskId, options, signal));
  }

  remove(taskId: TaskId, signal: AbortSignal): Promise<void> {
    return this.#process.hear(this.#engine.remove(taskId, signal));
  }

  list(signal: AbortSignal): ReturnType<Engine["list"]> {
    return this.#process.hear(this.#engine.list(signal));
  }

  async *events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    const events = this.#engine.events(signal)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#process.hear(events.next());
      if (done === true) return;
      yield value;
    }
  }
}

/** The replicated state as one manager's process has it. */
export class GatedStore implements StoreAccess {
  readonly #store: Store;
  readonly #process: ProcessClock;
  readonly #leads: () => boolean;

  /** @param leads whether what it proposes can be committed, whatever it thinks itself */
  constructor(store: Store, process: ProcessClock, leads: () => boolean) {
    this.#store = store;
    this.#process = process;
    this.#leads = leads;
  }

  get committed(): StoreView {
    return this.#store.committed;
  }

  imagine(): ReturnType<StoreAccess["imagine"]> {
    return this.#store.imagine();
  }

  stateHash(): string {
    return this.#store.stateHash();
  }

  requestOutcome(requestId: string): ReturnType<StoreAccess["requestOutcome"]> {
    return this.#store.requestOutcome(requestId);
  }

  update<T>(write: (tx: Transaction) => T, options?: UpdateOptions<T>): Promise<T> {
    if (this.#process.state === "dead") return new Promise(() => undefined);
    if (!this.#leads()) return Promise.reject(new NoLeaderError("another manager leads"));
    return this.#process.hear(this.#store.update(write, options));
  }

  /** In order with the store, also while the process is stopped: nothing is committed then. */
  watch(listener: (batch: CommittedBatch) => void, options?: { readonly after?: number }): Watch {
    return this.#store.watch((batch) => {
      if (this.#process.state !== "dead") listener(batch);
    }, options);
  }
}
