/**
 * Containers of this host's user on networks of the cluster: no tasks, and none of ours to start,
 * stop or remove. They are known by the networks that they are on, which are ours; one that was made
 * by way of us carries the id of its attachment as a label.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import type { NetworkPlane, TaskNames } from "../../network/network-plane.js";
import type { EngineIdentity } from "../engine.js";
import { EngineUnavailableError } from "../engine-errors.js";
import { Limiter } from "../limiter.js";
import {
  type AliasesByNetwork,
  aliasesOf,
  attachmentLabels,
  attachmentOf,
  networkOf,
  ownLabels,
  taskOf,
} from "./container-labels.js";
import { EngineAnswerError, type EngineClient } from "./engine-client.js";
import type { EngineAttachment, OverlayNetworks } from "./overlay-networks.js";

export interface AttachedContainer {
  readonly attachmentId: TaskId;
  readonly containerId: string;
  readonly name: string;
  /** Of its first process; 0 where it does not run. */
  readonly pid: number;
  /** Those that its user named for it (`--dns`), ours among them. */
  readonly resolvers: readonly string[];
  readonly networks: readonly {
    readonly networkId: string;
    readonly engineName: string;
    /** Those that it was made with. */
    readonly addresses: readonly string[];
    readonly aliases: readonly string[];
  }[];
}

interface NetworkSummary {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

interface ContainerSummary {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

interface ContainerEvent {
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

interface Endpoint {
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
  } | null;
  readonly Aliases?: readonly string[] | null;
}

interface Inspect {
  readonly Id: string;
  readonly Name: string;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly HostConfig?: { readonly Dns?: readonly string[] | null };
  readonly State: { readonly Running: boolean; readonly Pid: number };
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, Endpoint>> | null };
}

/**
 * What changes which containers there are and whether they run. Networks have events of their own,
 * which come with every start of every container and do not say whose it is.
 */
const EVENTS = {
  type: ["container"],
  event: ["create", "start", "die", "destroy", "rename"],
};
/** The engine answers before it listens to itself: what happens between the two is replayed. */
const REPLAY_MS = 2_000;
/** Looked at at once: an engine that has just come back has other work, too. */
const LOOKS = 8;

export interface AttachedContainersOptions {
  readonly client: EngineClient;
  readonly identity: EngineIdentity;
  readonly overlays: OverlayNetworks;
  readonly plane: NetworkPlane;
}

export class AttachedContainers {
  readonly #options: AttachedContainersOptions;
  readonly #looks = new Limiter(LOOKS);

  constructor(options: AttachedContainersOptions) {
    this.#options = options;
  }

  get plane(): NetworkPlane {
    return this.#options.plane;
  }

  /** What a container of this attachment has to carry. */
  labels(attachmentId: TaskId, aliases: AliasesByNetwork): Readonly<Record<string, string>> {
    return attachmentLabels(attachmentId, aliases, this.#options.identity);
  }

  /** Of a container that is there; undefined for a task. */
  idOf(containerId: string, labels: Readonly<Record<string, string>>): TaskId | undefined {
    const { identity } = this.#options;
    if (taskOf(labels, identity) !== undefined) return undefined;
    return attachmentOf(labels, identity) ?? attachmentOfContainer(containerId);
  }

  /**
   * Makes the networks known to the engine. Resolves once a container can be made on them.
   * @throws EngineUnavailableError, TaskRefusedError, EngineAnswerError
   */
  async prepare(
    attachmentId: TaskId,
    networkIds: readonly string[],
    names: TaskNames,
    signal: AbortSignal,
  ): Promise<readonly EngineAttachment[]> {
    const { overlays, plane } = this.#options;
    const { attachments } = await plane.prepare(
      { taskId: attachmentId, networkIds },
      names,
      signal,
    );
    return await overlays.ensure(attachments, plane.networkIds(), signal);
  }

  /** Lets the engine forget networks that this host is on no more. */
  async prune(signal: AbortSignal): Promise<void> {
    const { overlays, plane } = this.#options;
    await overlays.prune(plane.networkIds(), signal);
  }

  /** Running or not. @throws EngineUnavailableError, EngineAnswerError */
  async list(signal: AbortSignal): Promise<readonly AttachedContainer[]> {
    const { client, identity } = this.#options;
    const own = { filters: JSON.stringify({ label: ownLabels(identity) }) };
    const networks = await client.request<readonly NetworkSummary[]>(
      { method: "GET", path: "/networks", query: own },
      signal,
    );
    const ours = new Map(
      networks.flatMap(({ Name, Labels }): [string, string][] => {
        const networkId = networkOf(Labels);
        return networkId === undefined ? [] : [[Name, networkId]];
      }),
    );
    if (ours.size === 0) return [];
    const on = { all: true, filters: JSON.stringify({ network: [...ours.keys()] }) };
    const found = await client.request<readonly ContainerSummary[]>(
      { method: "GET", path: "/containers/json", query: on },
      signal,
    );
    const users = found.filter(({ Labels }) => taskOf(Labels, identity) === undefined);
    const looked = await Promise.all(
      users.map(({ Id }) => this.#looks.run(() => this.#inspect(Id, ours, signal), signal)),
    );
    return looked.filter((one) => one !== undefined);
  }

  /** Yields once at the beginning, and whenever one may have changed; ends by throwing. */
  async *changes(sinceWallMs: number, signal: AbortSignal): AsyncIterable<void> {
    const since = ((sinceWallMs - REPLAY_MS) / 1000).toFixed(3);
    const query = { filters: JSON.stringify(EVENTS), since };
    const events = await this.#options.client.lines(
      { method: "GET", path: "/events", query },
      signal,
    );
    yield;
    for await (const event of events) {
      const labels = (event as ContainerEvent).Actor?.Attributes;
      if (taskOf(labels, this.#options.identity) === undefined) yield;
    }
    throw new EngineUnavailableError("the Docker engine ended its event stream");
  }

  /** Whatever it does there; one that is gone is off. */
  async disconnect(containerId: string, engineName: string, signal: AbortSignal): Promise<void> {
    const body = { Container: containerId, Force: true };
    const path = `/networks/${engineName}/disconnect`;
    try {
      await this.#options.client.request({ method: "POST", path, body }, signal);
    } catch (cause) {
      if (!(cause instanceof EngineAnswerError) || cause.httpStatus !== 404) throw cause;
    }
  }

  /** @returns undefined for one that is gone */
  async #inspect(
    id: string,
    ours: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<AttachedContainer | undefined> {
    const { client, identity } = this.#options;
    const path = `/containers/${id}/json`;
    const inspect = await client
      .request<Inspect>({ method: "GET", path }, signal)
      .catch(undefinedWhereGone);
    if (inspect === undefined) return undefined;
    const labels = inspect.Config?.Labels;
    const named = aliasesOf(labels, identity);
    const { Name, State, HostConfig, NetworkSettings } = inspect;
    return {
      attachmentId: attachmentOf(labels, identity) ?? attachmentOfContainer(inspect.Id),
      containerId: inspect.Id,
      name: Name.replace(/^\//, ""),
      pid: State.Running ? State.Pid : 0,
      resolvers: HostConfig?.Dns ?? [],
      networks: Object.entries(NetworkSettings?.Networks ?? {}).flatMap(([engineName, one]) => {
        const networkId = ours.get(engineName);
        if (networkId === undefined) return [];
        const { IPv4Address, IPv6Address } = one.IPAMConfig ?? {};
        const addresses = [IPv4Address, IPv6Address].filter((given) => given !== undefined);
        const aliases = named[networkId] ?? one.Aliases ?? [];
        return [{ networkId, engineName, addresses, aliases }];
      }),
    };
  }
}

/** Of a container that was there before it was connected: its own id says it. */
function attachmentOfContainer(containerId: string): TaskId {
  return containerId.slice(0, ID_LENGTH) as TaskId;
}

/** Of the ids of a cluster; a container's has more digits, of fewer kinds. */
const ID_LENGTH = 25;

function undefinedWhereGone(cause: unknown): undefined {
  if (cause instanceof EngineAnswerError && cause.httpStatus === 404) return undefined;
  throw cause;
}
