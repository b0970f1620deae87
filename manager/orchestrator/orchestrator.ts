/**
 * The orchestrator: keeps every service at what its user wants of it. It watches the store,
 * and for each service that something happened to it compares wanted with present and
 * carries out the difference.
 *
 * Runs on the leader alone, one instance per term: what it remembers (since when a task waits out
 * its restart delay, since when a node is down) begins afresh with each. Owns nothing but that;
 * everything else is read from the store, inside the transaction that acts on it.
 */
import type { ServiceId } from "../../shared/model/ids.js";
import type { Node } from "../../shared/model/node.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import { ControlLoop } from "../control-loop.js";
import type { LeaderKnowledge } from "../explain/core/knowledge.js";
import { ReadySince } from "../rebalancer/core/ready-times.js";
import { updateInBatches } from "../store/batches.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import { isUnderWay } from "../updater/core/update-rules.js";
import { ACTIONS_PER_COMMAND, carryOut } from "./carry-out.js";
import type { Action } from "./core/action.js";
import { NO_MEMORY, planService, type ServiceMemory } from "./core/plan-service.js";
import { type Concerned, concernedBy, everybody } from "./core/relevance.js";
import { NodeKeeper } from "./node-keeper.js";

export interface OrchestratorOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Services whose commands may be on their way to the disk at once: they share its syncs. */
const SERVICES_AT_ONCE = 64;

/**
 * Planning for a service of a hundred thousand tasks takes a good part of a tenth of a second, and
 * its tasks report all the time: what happens within three times as long is looked at together, so
 * that planning takes a quarter of the loop at most.
 */
const REST_PER_PLAN = 3;
/** Below this a plan costs less than waiting would gain. */
const QUICK_PLAN_MS = 5;

export class Orchestrator {
  readonly name = "orchestrator";
  readonly #options: OrchestratorOptions;
  readonly #services: ControlLoop<ServiceId>;
  readonly #nodes: NodeKeeper;
  readonly #memory = new Map<ServiceId, ServiceMemory>();
  readonly #restUntilMs = new Map<ServiceId, number>();
  readonly #readySince = new ReadySince();

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    const { clock, logger } = options;
    this.#services = new ControlLoop({
      name: "orchestrator",
      clock,
      logger,
      concurrency: SERVICES_AT_ONCE,
      reconcile: (serviceId, signal) => this.#reconcileService(serviceId, signal),
    });
    this.#nodes = new NodeKeeper({
      ...options,
      enqueueService: (serviceId) => this.#enqueueService(serviceId),
    });
  }

  /** What this term's plans are made from and the store does not say. */
  get knowledge(): LeaderKnowledge {
    return {
      memoryOf: (serviceId) => this.#memory.get(serviceId) ?? NO_MEMORY,
      readyTimesAt: (nowMs) => this.#readySince.at(nowMs),
      downForMs: (nodeId) => this.#nodes.downForMs(nodeId),
    };
  }

  /** Runs until aborted; resolves when nothing of it is active any more. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { store } = this.#options;
    const watch = store.watch(({ events }) => {
      for (const event of events) {
        if (event.type === "node") this.#noteNode(event.before, event.after);
        this.#enqueue(concernedBy(event, store.committed, (id) => this.#isUpdating(id)));
      }
    });
    try {
      for (const node of store.committed.nodes()) this.#noteNode(undefined, node);
      this.#enqueue(everybody(store.committed));
      await Promise.all([this.#services.run({ signal }), this.#nodes.run({ signal })]);
    } finally {
      watch.close();
    }
  }

  #enqueue({ services, nodes }: Concerned): void {
    for (const serviceId of services) this.#enqueueService(serviceId);
    for (const nodeId of nodes) this.#nodes.enqueueChanged(nodeId);
  }

  #enqueueService(serviceId: ServiceId): void {
    const restMs = (this.#restUntilMs.get(serviceId) ?? 0) - this.#options.clock.nowMs();
    if (restMs > 0) this.#services.enqueueAfter(serviceId, restMs);
    else this.#services.enqueue(serviceId);
  }

  #isUpdating(serviceId: ServiceId): boolean {
    const service = this.#options.store.committed.service(serviceId);
    return isUnderWay(service?.update) || service?.rebalance?.state === "rebalancing";
  }

  #noteNode(before: Node | undefined, after: Node | undefined): void {
    if (after !== undefined) this.#readySince.observe(after, this.#options.clock.nowMs());
    else if (before !== undefined) this.#readySince.forget(before.id);
  }

  async #reconcileService(serviceId: ServiceId, signal: AbortSignal): Promise<void> {
    const { store, random } = this.#options;
    const { large, basis } = await store.update((tx) => {
      const actions = this.#plan(tx, serviceId);
      const basis = tx.view.service(serviceId)?.version;
      if (actions.length > ACTIONS_PER_COMMAND) return { large: actions, basis };
      for (const action of actions) carryOut(tx, { serviceId, action }, random);
      return { large: [], basis };
    });
    const write = (tx: Transaction, action: Action): void => {
      // The user changed his mind meanwhile: the rest of the plan is for another service.
      if (tx.view.service(serviceId)?.version !== basis) return;
      carryOut(tx, { serviceId, action }, random);
    };
    if (large.length > 0) await updateInBatches(store, large, write, { signal });
  }

  #plan(tx: Transaction, serviceId: ServiceId): readonly Action[] {
    const time = { nowMs: this.#options.clock.nowMs(), atMs: tx.atMs };
    const before = this.#memory.get(serviceId) ?? NO_MEMORY;
    const { actions, memory, wakeInMs } = planService(
      tx.view,
      serviceId,
      time,
      before,
      this.#readySince.at(time.nowMs),
    );
    if (tx.view.service(serviceId) === undefined) this.#memory.delete(serviceId);
    else this.#memory.set(serviceId, memory);
    this.#rest(serviceId, this.#options.clock.nowMs() - time.nowMs);
    if (wakeInMs !== undefined) this.#services.enqueueAfter(serviceId, wakeInMs);
    return actions;
  }

  #rest(serviceId: ServiceId, planMs: number): void {
    if (planMs < QUICK_PLAN_MS) this.#restUntilMs.delete(serviceId);
    else this.#restUntilMs.set(serviceId, this.#options.clock.nowMs() + planMs * REST_PER_PLAN);
  }
}
