/**
 * The networks of the cluster in the life of a container: made known to the engine before it is
 * created, its namespace programmed once it has one, and let go when it has ended. Where the host
 * has no such networks, nothing of it happens.
 */
import type { NodeDescription } from "../../../shared/docker-api/node-spec.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { NetworkPlane } from "../../network/network-plane.js";
import type { TaskObservation } from "../core/observation.js";
import type { TaskRun } from "../engine.js";
import type { ConfiguredNetwork } from "./container-config.js";
import type { ApiVersion } from "./engine-client.js";
import {
  endpointsConfig,
  type EngineAttachment,
  networkMode,
  type OverlayNetworks,
} from "./overlay-networks.js";

/** What a container is to be created with, and connected to afterwards. */
export interface PreparedNetwork {
  readonly attachments: readonly EngineAttachment[];
  readonly configured: ConfiguredNetwork;
}

export class TaskNetworks {
  readonly #plane: NetworkPlane | undefined;
  readonly #networks: OverlayNetworks;
  readonly #logger: Logger;

  constructor(plane: NetworkPlane | undefined, networks: OverlayNetworks, logger: Logger) {
    this.#plane = plane;
    this.#networks = networks;
    this.#logger = logger;
  }

  /** With what the host's own network is like. @throws KernelRefusedError */
  async described(description: NodeDescription): Promise<NodeDescription> {
    const Network = await this.#plane?.describe();
    return Network === undefined ? description : { ...description, Network };
  }

  /** Resolves once that may have changed since it last did, or `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    if (this.#plane !== undefined) return this.#plane.changed(signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  /**
   * Undefined for a task on no network of the cluster.
   * @throws EngineUnavailableError they are not set up yet
   * @throws TaskRefusedError, EngineAnswerError the engine will not have them
   */
  async prepare(
    { taskId, networkIds = [], template }: TaskRun,
    api: ApiVersion,
    signal: AbortSignal,
  ): Promise<PreparedNetwork | undefined> {
    const plane = this.#plane;
    const spec = template.template;
    if (plane === undefined || networkIds.length === 0) return undefined;
    const { Nameservers = [], Search = [], Options = [] } = spec.ContainerSpec?.DNSConfig ?? {};
    const names = { resolvers: Nameservers, search: Search, options: Options };
    const task = await plane.prepare({ taskId, networkIds }, names, signal);
    const wanted = plane.networkIds();
    const attachments = await this.#networks.ensure(task.attachments, wanted, signal);
    const { resolvConf } = task;
    const endpoints = endpointsConfig(attachments, api);
    return { attachments, configured: { mode: networkMode(attachments), resolvConf, endpoints } };
  }

  /** To those of its networks that it could not be created with. @throws EngineAnswerError */
  async connect(
    observation: TaskObservation,
    { attachments }: PreparedNetwork,
    api: ApiVersion,
    signal: AbortSignal,
  ): Promise<void> {
    if (observation.kind !== "created") return;
    await this.#networks.connect(observation.containerId, attachments, api, signal);
  }

  /** Resolves once what runs can be reached, and can reach others. */
  async started(taskId: TaskId, observation: TaskObservation, signal: AbortSignal): Promise<void> {
    if (observation.kind !== "running") return;
    await this.#plane?.programmed(taskId, observation.pid, signal);
  }

  /** A container may have been restarted behind our back: it has a namespace of its own then. */
  observed(taskId: TaskId, observation: TaskObservation): void {
    const plane = this.#plane;
    if (plane === undefined) return;
    if (observation.kind === "exited") plane.ended(taskId);
    if (observation.kind !== "running") return;
    void plane.programmed(taskId, observation.pid, NEVER).catch((cause: unknown) => {
      this.#logger.warn({ taskId, error: cause }, "the namespace of a task is not as it should be");
    });
  }

  /** Nothing is left of it. */
  async removed(taskId: TaskId, signal: AbortSignal): Promise<void> {
    await this.#plane?.release(taskId);
    await this.prune(signal);
  }

  /** Forgets networks that no task of this node needs any more. */
  async prune(signal: AbortSignal): Promise<void> {
    if (this.#plane !== undefined) await this.#networks.prune(this.#plane.networkIds(), signal);
  }
}

const NEVER = new AbortController().signal;
