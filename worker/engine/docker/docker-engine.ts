/**
 * Runs tasks as containers of the host's Docker engine. One container per task, known by its
 * labels; one event stream for all of them. The engine is the memory: after a restart everything
 * is found again by label.
 */
import type { NodeDescription } from "../../../shared/docker-api/node-spec.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import { describeNetwork, type NetworkCapability } from "../../network/core/network-capability.js";
import type { NetworkPlane } from "../../network/network-plane.js";
import { ABSENT, type TaskObservation } from "../core/observation.js";
import type { Engine, EngineEvent, EngineIdentity, StopOptions, TaskRun } from "../engine.js";
import { EngineUnavailableError, TaskRefusedError } from "../engine-errors.js";
import { Limiter } from "../limiter.js";
import { placeholderValues } from "../placeholder-values.js";
import { AttachedContainers } from "./attached-containers.js";
import { type ContainerConfig, containerConfig } from "./container-config.js";
import { ownLabels, taskLabel, taskLabels, taskOf } from "./container-labels.js";
import { type ContainerInspect, observationOf } from "./container-state.js";
import { type ApiVersion, EngineAnswerError, EngineClient } from "./engine-client.js";
import { descriptionOf, type EngineInfo } from "./engine-description.js";
import { besideChanges, containerEvents } from "./engine-events.js";
import { Images } from "./images.js";
import { OverlayNetworks } from "./overlay-networks.js";
import { requireApi } from "./required-api.js";
import { TaskNetworks } from "./task-networks.js";

/** Added to a task's grace period: the engine kills after it, and then has to tear down. */
const STOP_MARGIN_MS = 60_000;
/**
 * Containers being made and being started at once. Starting is the work, and an engine on two
 * cores is kept busy by these; making is kept apart from it, so that the first are started while
 * the last are being made.
 */
const CREATES = 4;
const STARTS = 8;
/** Containers being looked at at once: after a restart of the daemon a thousand may want to be. */
const LOOKS = 16;

export interface DockerEngineOptions {
  readonly identity: EngineIdentity;
  readonly socketPath: string;
  /** What the host's kernel lets us do beside the engine's own networks. */
  readonly network: NetworkCapability;
  /** Absent where tasks are on no network of the cluster. */
  readonly plane?: NetworkPlane;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface ContainerSummary {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export class DockerEngine implements Engine {
  readonly #identity: EngineIdentity;
  readonly #network: NetworkCapability;
  readonly #clock: Clock;
  readonly #client: EngineClient;
  readonly #images: Images;
  readonly #networks: TaskNetworks;
  /** Absent where nothing is on networks of the cluster. */
  readonly attached: AttachedContainers | undefined;
  readonly #creates = new Limiter(CREATES);
  readonly #starts = new Limiter(STARTS);
  readonly #looks = new Limiter(LOOKS);
  /** Of our own tasks, what we know of; a container that is not here is looked for by its label. */
  readonly #containers = new Map<TaskId, string>();
  #api: ApiVersion | undefined;
  #description: NodeDescription = {};

  constructor(options: DockerEngineOptions) {
    const logger = options.logger.child({ part: "docker-engine" });
    this.#identity = options.identity;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#client = new EngineClient(options.socketPath, options.clock);
    this.#images = new Images(this.#client, logger);
    const overlays = new OverlayNetworks(this.#client, options.identity, logger);
    const { identity, plane } = options;
    this.#networks = new TaskNetworks(plane, overlays, logger);
    this.attached =
      plane && new AttachedContainers({ client: this.#client, identity, overlays, plane });
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#client.request({ method: "GET", path: "/_ping" }, signal);
  }

  async describe(signal: AbortSignal): Promise<NodeDescription> {
    await this.#negotiate(signal);
    return this.#description;
  }

  async #negotiate(signal: AbortSignal): Promise<ApiVersion> {
    const api = await this.#client.negotiate(signal);
    const info = await this.#client.request<EngineInfo>({ method: "GET", path: "/info" }, signal);
    const described = describeNetwork(descriptionOf(info), this.#network);
    this.#description = await this.#networks.described(described);
    this.#api = api;
    return api;
  }

  async prepare(run: TaskRun, signal: AbortSignal): Promise<TaskObservation> {
    const api = this.#api ?? (await this.#negotiate(signal));
    const spec = run.template.template;
    requireApi(spec, api);
    const { Platform = {} } = this.#description;
    const values = placeholderValues(run, this.#identity, Platform);
    const name = values.Task.Name;
    const labels = taskLabels(run, this.#identity, name);
    const network = await this.#networks.prepare(run, api, signal);
    const config = containerConfig({
      spec,
      hostPorts: run.hostPorts,
      generics: run.generics ?? [],
      values,
      labels,
      ...(network && { network: network.configured }),
    });
    const made = await this.#make(run, name, config, signal);
    if (network !== undefined) await this.#networks.connect(made, network, api, signal);
    return made;
  }

  /** Fetches the image where there is none. */
  async #make(
    run: TaskRun,
    name: string,
    config: ContainerConfig,
    signal: AbortSignal,
  ): Promise<TaskObservation> {
    const spec = run.template.template;
    const image = spec.ContainerSpec?.Image ?? "";
    const wish = { image, revision: `${run.serviceId}/${run.template.revision}` };
    await this.#images.refresh(wish, signal);
    try {
      return await this.#create(run.taskId, name, config, signal);
    } catch (cause) {
      if (!isMissingImage(cause)) throw cause;
    }
    await this.#images.fetch(wish, signal);
    return this.#create(run.taskId, name, config, signal);
  }

  async start(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation> {
    const containerId = await this.#containerOf(taskId, signal);
    if (containerId === undefined) return ABSENT;
    try {
      const path = `/containers/${containerId}/start`;
      const start = (): Promise<unknown> => this.#client.request({ method: "POST", path }, signal);
      await this.#starts.run(start, signal);
    } catch (cause) {
      if (isMissing(cause)) return ABSENT;
      if (!(cause instanceof EngineAnswerError)) throw cause;
      throw new TaskRefusedError(`starting container failed: ${cause.message}`, { cause });
    }
    const observation = await this.#inspect(taskId, containerId, signal);
    await this.#networks.started(taskId, observation, signal);
    return observation;
  }

  async observe(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation> {
    const containerId = await this.#containerOf(taskId, signal);
    return containerId === undefined ? ABSENT : this.#inspect(taskId, containerId, signal);
  }

  /** The stop signal is the container's own: it was created with it. */
  async stop(taskId: TaskId, options: StopOptions, signal: AbortSignal): Promise<TaskObservation> {
    const containerId = await this.#containerOf(taskId, signal);
    if (containerId === undefined) return ABSENT;
    try {
      await this.#client.request(
        {
          method: "POST",
          path: `/containers/${containerId}/stop`,
          query: { t: Math.ceil(options.graceMs / 1000) },
          limitMs: options.graceMs + STOP_MARGIN_MS,
        },
        signal,
      );
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
    }
    return this.#inspect(taskId, containerId, signal);
  }

  /** Its anonymous volumes go with it, as Docker's own tasks' do. */
  async remove(taskId: TaskId, signal: AbortSignal): Promise<void> {
    const containerId = await this.#containerOf(taskId, signal);
    if (containerId === undefined) return this.#networks.removed(taskId, signal);
    try {
      await this.#client.request(
        { method: "DELETE", path: `/containers/${containerId}`, query: { force: true, v: true } },
        signal,
      );
    } catch (cause) {
      if (isConflict(cause)) {
        // Somebody is removing it already; whether that went well shows at the next look.
        throw new EngineUnavailableError(cause.message, { cause });
      }
      if (!isMissing(cause)) throw cause;
    }
    this.#containers.delete(taskId);
    await this.#networks.removed(taskId, signal);
  }

  async list(signal: AbortSignal): Promise<readonly TaskId[]> {
    const summaries = await this.#listContainers(ownLabels(this.#identity), signal);
    this.#containers.clear();
    for (const { Id, Labels } of summaries) {
      const taskId = taskOf(Labels, this.#identity);
      if (taskId !== undefined) this.#containers.set(taskId, Id);
    }
    await this.#networks.prune(signal);
    return [...this.#containers.keys()];
  }

  async *events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    // An engine that came back may be a newer one.
    await this.describe(signal);
    const sinceMs = this.#clock.wallMs();
    const events = containerEvents(this.#client, { identity: this.#identity, sinceMs }, signal);
    yield* besideChanges(events, (until) => this.#networks.changed(until), signal);
  }

  async #create(
    taskId: TaskId,
    name: string,
    config: ContainerConfig,
    signal: AbortSignal,
  ): Promise<TaskObservation> {
    try {
      const path = "/containers/create";
      const create = (): Promise<{ Id: string }> =>
        this.#client.request({ method: "POST", path, query: { name }, body: config }, signal);
      const { Id } = await this.#creates.run(create, signal);
      this.#containers.set(taskId, Id);
      return { kind: "created", containerId: Id };
    } catch (cause) {
      if (isConflict(cause)) return this.#adopt(taskId, name, cause, signal);
      throw cause;
    }
  }

  /** The name is taken: by what we made before we were killed, or by a stranger. */
  async #adopt(
    taskId: TaskId,
    name: string,
    conflict: EngineAnswerError,
    signal: AbortSignal,
  ): Promise<TaskObservation> {
    const inspect = await this.#client.request<ContainerInspect>(
      { method: "GET", path: `/containers/${name}/json` },
      signal,
    );
    if (taskOf(inspect.Config?.Labels, this.#identity) !== taskId) {
      throw new TaskRefusedError(conflict.message, { cause: conflict });
    }
    this.#containers.set(taskId, inspect.Id);
    return observationOf(inspect);
  }

  async #containerOf(taskId: TaskId, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#containers.get(taskId);
    if (known !== undefined) return known;
    const labels = [...ownLabels(this.#identity), taskLabel(taskId)];
    const [found] = await this.#listContainers(labels, signal);
    if (found !== undefined) this.#containers.set(taskId, found.Id);
    return found?.Id;
  }

  #listContainers(labels: string[], signal: AbortSignal): Promise<readonly ContainerSummary[]> {
    const query = { all: true, filters: JSON.stringify({ label: labels }) };
    return this.#client.request({ method: "GET", path: "/containers/json", query }, signal);
  }

  async #inspect(
    taskId: TaskId,
    containerId: string,
    signal: AbortSignal,
  ): Promise<TaskObservation> {
    try {
      const path = `/containers/${containerId}/json`;
      const look = (): Promise<ContainerInspect> =>
        this.#client.request({ method: "GET", path }, signal);
      const observation = observationOf(await this.#looks.run(look, signal));
      this.#networks.observed(taskId, observation);
      return observation;
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      this.#containers.delete(taskId);
      return ABSENT;
    }
  }
}

function isMissing(cause: unknown): cause is EngineAnswerError {
  return cause instanceof EngineAnswerError && cause.httpStatus === 404;
}

function isConflict(cause: unknown): cause is EngineAnswerError {
  return cause instanceof EngineAnswerError && cause.httpStatus === 409;
}

/** Creating answers 404 for nothing else. */
function isMissingImage(cause: unknown): boolean {
  return isMissing(cause) && /no such image/i.test(cause.message);
}
