/**
 * The orchestrator: keeps every service at what its user wants of it. It watches the store, and for each service
 * that something happened to it compares wanted with present and carries out the difference.
 *
 * Runs on the leader alone, one instance per term: what it remembers (since when a task waits out its restart
 * delay, since when a node is down) begins afresh with each. Owns nothing but that; everything else is
 * read from the store, inside the transaction that acts on it.
 */
import type { ServiceId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import { ControlLoop } from "../control-loop.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
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

export class Orchestrator {
  readonly name = "orchestrator";
  readonly #options: OrchestratorOptions;
  readonly #services: ControlLoop<ServiceId>;
  readonly #nodes: NodeKeeper;
  readonly #memory = new Map<ServiceId, ServiceMemory>();

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
      enqueueService: (serviceId) => this.#services.enqueue(serviceId),
    });
  }

  /** Runs until aborted; resolves when nothing of it is active any more. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { store } = this.#options;
    const watch = store.watch(({ events }) => {
      for (const event of events) {
        this.#enqueue(concernedBy(event, store.committed, (id) => this.#isUpdating(id)));
      }
    });
    try {
      this.#enqueue(everybody(store.committed));
      await Promise.all([this.#services.run({ signal }), this.#nodes.run({ signal })]);
    } finally {
      watch.close();
    }
  }

  #enqueue({ services, nodes }: Concerned): void {
    for (const serviceId of services) this.#services.enqueue(serviceId);
    for (const nodeId of nodes) this.#nodes.enqueueChanged(nodeId);
  }

  #isUpdating(serviceId: ServiceId): boolean {
    return (this.#memory.get(serviceId)?.lanes.size ?? 0) > 0;
  }

  async #reconcileService(serviceId: ServiceId, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const first = await store.update((tx) => {
      const { actions, basis } = this.#plan(tx, serviceId);
      this.#carryOut(tx, serviceId, actions.slice(0, ACTIONS_PER_COMMAND));
      return { rest: actions.slice(ACTIONS_PER_COMMAND), basis };
    });
    let { rest } = first;
    while (rest.length > 0 && !signal.aborted) {
      const part = rest.slice(0, ACTIONS_PER_COMMAND);
      const goesOn = await store.update((tx) => {
        // The user changed his mind: what remains of the plan is for another service.
        if (tx.view.service(serviceId)?.version !== first.basis) return false;
        this.#carryOut(tx, serviceId, part);
        return true;
      });
      if (!goesOn) {
        this.#services.enqueue(serviceId);
        return;
      }
      rest = rest.slice(ACTIONS_PER_COMMAND);
    }
  }

  #plan(tx: Transaction, serviceId: ServiceId) {
    const time = { nowMs: this.#options.clock.nowMs(), atMs: tx.atMs };
    const before = this.#memory.get(serviceId) ?? NO_MEMORY;
    const plan = planService(tx.view, serviceId, time, before);
    const basis = tx.view.service(serviceId)?.version;
    if (basis === undefined) this.#memory.delete(serviceId);
    else this.#memory.set(serviceId, plan.memory);
    if (plan.wakeInMs !== undefined) this.#services.enqueueAfter(serviceId, plan.wakeInMs);
    return { actions: plan.actions, basis };
  }

  #carryOut(tx: Transaction, serviceId: ServiceId, actions: readonly Action[]): void {
    for (const action of actions) carryOut(tx, { serviceId, action }, this.#options.random);
  }
}
