/**
 * The tasks of this host that are on networks: what an engine is told of each one's place, what is kept
 * of it for a restart, and whether its namespace is programmed.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Asker } from "./core/dns-state.js";
import { bridgeName, furtherBridgeNames } from "./core/link-names.js";
import { attachmentsOf, subnetsOf } from "./core/node-network.js";
import type { TaskNames, TaskNetwork } from "./network-plane.js";
import type { OverlayKeeper } from "./overlay.js";
import type { TaskFiles, TaskRecord } from "./task-files.js";
import type { VirtualAddressKeeper } from "./virtual-addresses.js";

export class HostTasks {
  readonly #files: TaskFiles;
  readonly #overlay: OverlayKeeper;
  readonly #addresses: VirtualAddressKeeper;
  readonly #known = new Map<TaskId, TaskRecord>();
  #programmed: ReadonlySet<TaskId> = new Set();

  constructor(files: TaskFiles, overlay: OverlayKeeper, addresses: VirtualAddressKeeper) {
    this.#files = files;
    this.#overlay = overlay;
    this.#addresses = addresses;
  }

  async restore(): Promise<void> {
    for (const [taskId, record] of await this.#files.restore()) {
      this.#known.set(taskId, record);
      if (record.process !== undefined) this.#addresses.add(taskId, record.process.pid);
    }
  }

  /** Undefined while the host's side of one of its networks is not there. @param node as applied */
  async place(
    node: NodeNetworks | undefined,
    { taskId, networkIds }: { readonly taskId: TaskId; readonly networkIds: readonly string[] },
    names: TaskNames,
  ): Promise<TaskNetwork | undefined> {
    const attachments = node === undefined ? [] : attachmentsOf(node, taskId);
    const present = new Set(
      attachments
        .filter(({ network }) => this.#overlay.mtuOf(network) !== undefined)
        .filter(({ network, endpoint }) => subnetsOf(network, endpoint).length > 0)
        .map(({ network }) => network.networkId),
    );
    if (!networkIds.every((id) => present.has(id))) return undefined;
    const gateways = attachments.flatMap(({ network, endpoint }) =>
      subnetsOf(network, endpoint)
        .slice(0, 1)
        .map(({ gateway }) => gateway),
    );
    const resolvConf = await this.#files.prepare(taskId, names, gateways);
    this.#known.set(taskId, { resolvers: names.resolvers });
    return {
      resolvConf,
      attachments: attachments.map(({ network, endpoint }) => ({
        networkId: network.networkId,
        name: network.name,
        bridges: [bridgeName(network), ...furtherBridgeNames(network)],
        mtu: this.#overlay.mtuOf(network) ?? 0,
        exit: network.exit,
        subnets: subnetsOf(network, endpoint),
        addresses: endpoint.addresses,
        mac: endpoint.mac,
      })),
    };
  }

  /** @param pid of its first process @returns `new`: its namespace is to be programmed */
  started(taskId: TaskId, pid: number): "known" | "new" {
    if (!this.#known.has(taskId) || this.#addresses.add(taskId, pid) === "known") return "known";
    this.#programmed = new Set([...this.#programmed].filter((other) => other !== taskId));
    return "new";
  }

  /** That it runs, for a restart. */
  async keep(taskId: TaskId, pid: number): Promise<void> {
    const record = this.#known.get(taskId);
    if (record !== undefined) await this.#files.running(taskId, record, pid);
  }

  /** @param programmed the tasks whose namespaces have all that is wanted of them */
  follow(programmed: ReadonlySet<TaskId>): void {
    this.#programmed = programmed;
  }

  /** A task that is not known any more waits for nothing. */
  awaitsProgram(taskId: TaskId): boolean {
    return this.#known.has(taskId) && !this.#programmed.has(taskId);
  }

  /** Those that run, and are programmed. */
  running(): TaskId[] {
    return [...this.#addresses.pids().keys()].filter((taskId) => this.#programmed.has(taskId));
  }

  /** Some that run are not. */
  get isIncomplete(): boolean {
    return this.running().length < this.#addresses.pids().size;
  }

  /** For the answerer of names. */
  askers(): ReadonlyMap<TaskId, Pick<Asker, "namespace" | "resolvers">> {
    return new Map(
      [...this.#known].map(([taskId, { resolvers }]) => {
        const namespace = this.#programmed.has(taskId) ? "programmed" : "bare";
        return [taskId, { namespace, resolvers } as const];
      }),
    );
  }

  /** It runs no more. */
  ended(taskId: TaskId): void {
    this.#addresses.delete(taskId);
  }

  /** Nothing is left of it. */
  async release(taskId: TaskId): Promise<"known" | "unknown"> {
    if (!this.#known.delete(taskId)) return "unknown";
    this.ended(taskId);
    await this.#files.remove(taskId);
    return "known";
  }
}
