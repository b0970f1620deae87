/**
 * Writes into the store how nodes count (`core/liveness.ts`) and what hosts say of themselves.
 * Level-triggered: what is written is what holds when it is written, and a node whose write failed
 * is written at the next look.
 */
import type { NodeDescription } from "../../shared/docker-api/node-spec.js";
import { ClusterError, NotFoundError } from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import type { NodeStatus } from "../../shared/model/node.js";
import { canonicalText } from "../../shared/model/stable-hash.js";
import { isTerminal } from "../../shared/model/task-state.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { StoreWriter, Transaction } from "../store/store-access.js";
import type { Liveness } from "./core/liveness.js";

/** Nodes per proposal: the store takes 1,000 changes in one command. */
const NODES_PER_PROPOSAL = 500;
const TASKS_PER_PROPOSAL = 500;

export class NodeWriter {
  readonly #store: StoreWriter;
  readonly #logger: Logger;
  readonly #liveness: Liveness;
  readonly #changed = new Set<NodeId>();

  constructor(options: {
    readonly store: StoreWriter;
    readonly logger: Logger;
    readonly liveness: Liveness;
  }) {
    this.#store = options.store;
    this.#logger = options.logger;
    this.#liveness = options.liveness;
  }

  /** These count otherwise than before: to be written. */
  changed(nodeIds: readonly NodeId[]): void {
    for (const nodeId of nodeIds) {
      this.#changed.add(nodeId);
      this.#logger.info({ nodeId, ...this.#liveness.of(nodeId) }, "a node's state changed");
    }
  }

  /** Writes what has changed; what cannot be written now stays for the next time. */
  async write(): Promise<void> {
    const nodeIds = [...this.#changed];
    for (let from = 0; from < nodeIds.length; from += NODES_PER_PROPOSAL) {
      const lot = nodeIds.slice(from, from + NODES_PER_PROPOSAL);
      for (const nodeId of lot) this.#changed.delete(nodeId);
      try {
        await this.#store.update((tx) => {
          for (const nodeId of lot) this.#writeStatus(tx, nodeId);
        });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        this.#logger.warn(
          { reason: error.message, nodes: lot.length },
          "nodes' states could not be written; trying again",
        );
        for (const nodeId of lot) this.#changed.add(nodeId);
      }
    }
  }

  /**
   * What a host says of itself, together with how it counts; nothing where that is what the store
   * has, as after a change of leader. Without a description, the one that is known stands.
   * @throws NotFoundError the node was removed.
   */
  async register(
    nodeId: NodeId,
    said: { readonly address: string; readonly description?: NodeDescription },
  ): Promise<void> {
    await this.#store.update((tx) => {
      const node = tx.view.node(nodeId);
      if (node === undefined) throw new NotFoundError("node", nodeId);
      const status: NodeStatus = {
        ...node.status,
        ...this.#liveness.of(nodeId),
        address: said.address,
      };
      const { description = node.description } = said;
      const before = [node.status, node.description];
      if (canonicalText([status, description]) === canonicalText(before)) return;
      const change = { kind: "observe-node", nodeId, status } as const;
      tx.apply(description === undefined ? change : { ...change, description });
    });
  }

  /**
   * The host has stopped all of its tasks and leaves: it is down, and its tasks have ended.
   * @throws NotFoundError the node was removed.
   */
  async leave(nodeId: NodeId): Promise<void> {
    for (let more = true; more;) {
      more = await this.#store.update((tx) => {
        if (tx.view.node(nodeId) === undefined) throw new NotFoundError("node", nodeId);
        this.#writeStatus(tx, nodeId); // first: no new task may come here
        const running = tx.view
          .tasksOfNode(nodeId)
          .filter((task) => !isTerminal(task.status.state));
        for (const { id: taskId, status } of running.slice(0, TASKS_PER_PROPOSAL)) {
          const ended = {
            state: "shutdown",
            atMs: tx.atMs,
            message: "the node left the cluster",
          } as const;
          const { container } = status;
          tx.apply({
            kind: "observe-task",
            taskId,
            status: { ...ended, ...(container && { container }) },
          });
        }
        return running.length > TASKS_PER_PROPOSAL;
      });
    }
  }

  #writeStatus(tx: Transaction, nodeId: NodeId): void {
    const node = tx.view.node(nodeId);
    const wanted = this.#liveness.of(nodeId);
    if (node === undefined || wanted === undefined) return;
    const { state, message, address } = node.status;
    if (state === wanted.state && message === wanted.message) return;
    tx.apply({ kind: "observe-node", nodeId, status: { ...wanted, address } });
  }
}
