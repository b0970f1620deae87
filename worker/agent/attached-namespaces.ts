/**
 * The namespaces of containers that a user attached: each gets what tasks' get, once for each
 * process that it has in its life. That is done beside the keeper's work, because it waits for the
 * host's network; whoever forgets a container waits for what is under way.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { AttachedContainer } from "../engine/docker/attached-containers.js";
import type { NetworkPlane } from "../network/network-plane.js";

interface Programming {
  /** Which process, on which networks. */
  readonly key: string;
  readonly over: AbortController;
  readonly done: Promise<void>;
}

export class AttachedNamespaces {
  readonly #plane: NetworkPlane;
  readonly #logger: Logger;
  readonly #known = new Map<TaskId, Programming>();

  constructor(plane: NetworkPlane, logger: Logger) {
    this.#plane = plane;
    this.#logger = logger;
  }

  /** Those that something was done for. */
  ids(): readonly TaskId[] {
    return [...this.#known.keys()];
  }

  /** As the container is now. */
  async follow(container: AttachedContainer, node: NodeNetworks): Promise<void> {
    const { attachmentId: id, networks, pid } = container;
    const networkIds = networks.map(({ networkId }) => networkId).sort();
    const key = `${pid} ${networkIds.join()}`;
    if (this.#known.get(id)?.key === key) return;
    await this.#endOf(id);
    if (pid === 0) {
      this.#plane.ended(id);
      return;
    }
    const over = new AbortController();
    const done = this.#program(container, networkIds, node, over.signal).catch((cause: unknown) => {
      if (over.signal.aborted) return;
      this.#known.delete(id); // the next look tries again
      this.#logger.warn({ taskId: id, error: cause }, "a container cannot use its networks yet");
    });
    this.#known.set(id, { key, over, done });
  }

  /** Nothing is left of it. */
  async forget(id: TaskId): Promise<void> {
    await this.#endOf(id);
    await this.#plane.release(id);
  }

  /** What was done stays as it is. */
  async close(): Promise<void> {
    await Promise.all(this.ids().map((id) => this.#endOf(id)));
  }

  async #endOf(id: TaskId): Promise<void> {
    const known = this.#known.get(id);
    if (known === undefined) return;
    known.over.abort(new Error("the container has changed"));
    await known.done;
    this.#known.delete(id);
  }

  async #program(
    { attachmentId: taskId, pid, resolvers: named }: AttachedContainer,
    networkIds: readonly string[],
    node: NodeNetworks,
    signal: AbortSignal,
  ): Promise<void> {
    // Ours stand among those that the container was made with: who asked itself would ask for ever.
    const own = new Set(
      node.networks.flatMap(({ subnets }) => subnets.map(({ gateway }) => gateway)),
    );
    const names = { resolvers: named.filter((one) => !own.has(one)), search: [], options: [] };
    await this.#plane.prepare({ taskId, networkIds }, names, signal);
    await this.#plane.programmed(taskId, pid, signal);
  }
}
