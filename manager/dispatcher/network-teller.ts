/**
 * Tells the agents of the networks during one term: follows the store, works out whom a change
 * concerns, and holds orders to stop until the tasks are withdrawn. Many changes at once are one.
 */
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { StoreEvent } from "../store/core/change.js";
import type { StoreReader } from "../store/store-access.js";
import { NodeNetworksIndex } from "./core/node-networks.js";
import { Withdrawals, WITHDRAWN_WITHIN_MS, withdrawnTask } from "./core/withdrawals.js";

/** What one decision changes comes in a few commands. */
const GATHER_MS = 3;

export interface NetworkTellerOptions {
  readonly store: StoreReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those that have a session. */
  readonly connected: () => Iterable<NodeId>;
  /** The node is to be told of its networks anew, if it has a session. */
  readonly tell: (nodeId: NodeId) => void;
  /** The node is to be told of the task, if it has a session. */
  readonly tellOfTask: (nodeId: NodeId, taskId: TaskId) => void;
}

export class NetworkTeller {
  readonly #options: NetworkTellerOptions;
  readonly #index: NodeNetworksIndex;
  readonly #withdrawals = new Withdrawals();
  #settling: "idle" | "scheduled" = "idle";
  #ended = false;

  constructor(options: NetworkTellerOptions) {
    this.#options = options;
    this.#index = new NodeNetworksIndex(options.store.committed);
  }

  end(): void {
    this.#ended = true;
  }

  /** What the node is to know now; the same object as long as there is nothing new. */
  of(nodeId: NodeId): NodeNetworks | undefined {
    this.#settle();
    return this.#index.of(nodeId);
  }

  observe(event: StoreEvent): void {
    this.#index.observe(event, this.#options.store.committed);
    const withdrawn = withdrawnTask(event);
    if (withdrawn !== undefined) this.#withdrawals.begin(withdrawn);
    if (this.#settling === "scheduled" || !this.#index.isDirty) return;
    this.#settling = "scheduled";
    this.#options.clock.after(GATHER_MS, () => {
      this.#settling = "idle";
      if (!this.#ended) this.#settle();
    });
  }

  /** The task's node must not hear yet that it is to stop; it will. */
  holds(taskId: TaskId): boolean {
    return this.#withdrawals.holds(taskId);
  }

  /** The node leads connections as the store said at `sequence`. */
  applied(nodeId: NodeId, sequence: number): void {
    this.#stop(this.#withdrawals.applied(nodeId, sequence));
  }

  left(nodeId: NodeId): void {
    this.#stop(this.#withdrawals.left(nodeId));
  }

  #settle(): void {
    if (!this.#index.isDirty) return;
    const { clock, connected, store, tell } = this.#options;
    const changed = this.#index.settle(store.committed);
    const here = [...connected()].filter((nodeId) => changed.has(nodeId));
    for (const nodeId of here) tell(nodeId);
    const { sequence } = store.committed;
    const free = this.#withdrawals.settled(sequence, here, clock.nowMs());
    this.#stop(free);
    if (this.#withdrawals.isIdle) return;
    clock.after(WITHDRAWN_WITHIN_MS, () => {
      if (!this.#ended) this.#stopOverdue();
    });
  }

  #stopOverdue(): void {
    const { clock, logger } = this.#options;
    const { taskIds, late } = this.#withdrawals.overdue(clock.nowMs());
    if (taskIds.length === 0) return;
    logger.warn(
      { tasks: taskIds.length, nodes: late, afterMs: WITHDRAWN_WITHIN_MS },
      "stopping tasks that some nodes may still lead connections to",
    );
    this.#stop(taskIds);
  }

  #stop(taskIds: readonly TaskId[]): void {
    const { store, tellOfTask } = this.#options;
    for (const taskId of taskIds) {
      const nodeId = store.committed.task(taskId)?.nodeId;
      if (nodeId !== undefined) tellOfTask(nodeId, taskId);
    }
  }
}
