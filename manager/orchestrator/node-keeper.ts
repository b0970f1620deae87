/**
 * What a node's changes mean for the tasks on it: their services look at them again, tasks beyond a
 * shrunken capacity move, and tasks of a node that is down for a day are given up. Part of the
 * orchestrator, and like it new with each term: the day is counted afresh.
 */
import type { NodeId, ServiceId } from "../../shared/model/ids.js";
import { runsEverywhere } from "../../shared/model/service.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import { ControlLoop } from "../control-loop.js";
import { rebalanceRules } from "../rebalancer/core/rebalance-rules.js";
import type { StoreView } from "../store/core/view.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import { ACTIONS_PER_COMMAND, carryOut } from "./carry-out.js";
import { planOrphans } from "./core/orphans.js";
import { planEvictions } from "./core/overcommit.js";

/**
 * A node that changed is looked at once more after this time: tasks may have been placed meanwhile
 * by a decision made before the change. Placing takes a fraction of it.
 */
const LOOK_AGAIN_MS = 2_000;

export class NodeKeeper {
  readonly #options: NodeKeeperOptions;
  readonly #loop: ControlLoop<NodeId>;
  readonly #downSinceMs = new Map<NodeId, number>();

  constructor(options: NodeKeeperOptions) {
    this.#options = options;
    this.#loop = new ControlLoop({
      name: "node-keeper",
      clock: options.clock,
      logger: options.logger,
      reconcile: (nodeId) => this.#reconcile(nodeId),
    });
  }

  enqueueChanged(nodeId: NodeId): void {
    this.#loop.enqueue(nodeId);
    this.#loop.enqueueAfter(nodeId, LOOK_AGAIN_MS);
  }

  run(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#loop.run(options);
  }

  /** How long the node has been seen to be down; undefined where it is not. */
  downForMs(nodeId: NodeId): number | undefined {
    const sinceMs = this.#downSinceMs.get(nodeId);
    return sinceMs === undefined ? undefined : this.#options.clock.nowMs() - sinceMs;
  }

  async #reconcile(nodeId: NodeId): Promise<void> {
    const { store, enqueueService } = this.#options;
    const view = store.committed;
    for (const serviceId of servicesConcerned(view, nodeId)) enqueueService(serviceId);
    const downForMs = this.#downForMs(nodeId, view);
    const left = await store.update((tx) => this.#act(tx, nodeId, downForMs));
    if (left > 0) this.#loop.enqueue(nodeId);
  }

  /** @returns how much of what is to be done did not fit into the command */
  #act(tx: Transaction, nodeId: NodeId, downForMs: number): number {
    const { clock, random } = this.#options;
    const time = { nowMs: clock.nowMs(), atMs: tx.atMs };
    const orphans = planOrphans(tx.view, nodeId, { downForMs, atMs: tx.atMs });
    if (orphans.wakeInMs !== undefined) this.#loop.enqueueAfter(nodeId, orphans.wakeInMs);
    const { evictions, outcome } = planEvictions(tx.view, nodeId, time);
    if (outcome === "look again") this.#loop.enqueueAfter(nodeId, LOOK_AGAIN_MS);
    for (const change of orphans.changes.slice(0, ACTIONS_PER_COMMAND)) tx.apply(change);
    for (const eviction of evictions.slice(0, ACTIONS_PER_COMMAND)) carryOut(tx, eviction, random);
    return Math.max(orphans.changes.length, evictions.length) - ACTIONS_PER_COMMAND;
  }

  #downForMs(nodeId: NodeId, view: StoreView): number {
    const nowMs = this.#options.clock.nowMs();
    if (view.node(nodeId)?.status.state !== "down") {
      this.#downSinceMs.delete(nodeId);
      return 0;
    }
    const sinceMs = this.#downSinceMs.get(nodeId) ?? nowMs;
    this.#downSinceMs.set(nodeId, sinceMs);
    return nowMs - sinceMs;
  }
}

export interface NodeKeeperOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly enqueueService: (serviceId: ServiceId) => void;
}

/**
 * Those with tasks on the node, those for which each node is a slot, and where the cluster is to
 * spread its tasks over nodes that come back, those that could have some there.
 */
function servicesConcerned(view: StoreView, nodeId: NodeId): ReadonlySet<ServiceId> {
  const present = view.tasksOfNode(nodeId).map((task) => task.serviceId);
  const spreads = rebalanceRules(view).when === "on-return";
  const everywhere = view.services().filter((service) => spreads || runsEverywhere(service));
  return new Set([...present, ...everywhere.map((service) => service.id)]);
}
