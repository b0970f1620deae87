/**
 * Networks of the cluster as this host's engine knows them: which of those that a request names are
 * the cluster's, and what the engine is to be told of a container's place on them.
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { ENGINE_NETWORK_LABEL, ENGINE_NETWORK_NAME_LABEL } from "../../shared/model/network.js";
import type { AttachRequest } from "../../shared/rpc/attachments-rpc.js";
import { olderVersion, type VersionedPath } from "./core/api-version.js";
import { attachmentRefused } from "./core/attachment-words.js";
import {
  type EndpointManner,
  endpointManner,
  type EngineEndpoint,
  type NamedNetwork,
} from "./core/container-request.js";
import type { ClusterNetworkName } from "./core/show-container.js";
import { type EngineLink, PATIENCE_MS } from "./engine-link.js";
import type { ContainerNetworks, PlacedContainer } from "./host.js";

type Labels = Readonly<Record<string, string>>;

export class EngineNetworks {
  readonly #engine: EngineLink;

  constructor(engine: EngineLink) {
    this.#engine = engine;
  }

  /** The engine's own go before those of the cluster, as in Docker. */
  async ofCluster(named: readonly NamedNetwork[]): Promise<readonly NamedNetwork[]> {
    const found: NamedNetwork[] = [];
    for (const network of named) {
      const labels = await this.#labels(network.target);
      if (labels?.[ENGINE_NETWORK_LABEL] !== undefined || labels === undefined) found.push(network);
    }
    return found;
  }

  /** Of the cluster's network that the engine calls so; undefined where it is the engine's own. */
  async named(engineName: string): Promise<ClusterNetworkName | undefined> {
    const labels = (await this.#labels(engineName)) ?? {};
    const { [ENGINE_NETWORK_LABEL]: id, [ENGINE_NETWORK_NAME_LABEL]: name } = labels;
    return id === undefined || name === undefined ? undefined : { id, name };
  }

  /** How the engine is told of endpoints in the API that it is asked in. */
  async manner({ version }: VersionedPath): Promise<EndpointManner> {
    const { apiVersion } = await this.#engine.facts(PATIENCE_MS);
    const spoken = version === undefined ? apiVersion : olderVersion(version, apiVersion);
    const [asked, known] = [spoken, apiVersion].map((one) => Number(one.split(".")[1]));
    return endpointManner(asked ?? 0, known ?? 0);
  }

  /** @returns undefined where the engine has no such network */
  async #labels(name: string): Promise<Labels | undefined> {
    const path = `/networks/${encodeURIComponent(name)}`;
    const { status, body } = await this.#engine.ask("GET", path);
    if (status === 404) return undefined;
    return ((body ?? {}) as { readonly Labels?: Labels | null }).Labels ?? {};
  }
}

/**
 * Asks for the container's place, in the end to be said to have been made.
 * @throws ClusterError in Docker's words
 */
export async function place(
  networks: ContainerNetworks,
  wish: AttachRequest,
  resolvers: readonly string[],
): Promise<PlacedContainer> {
  const names = { resolvers, search: [], options: [] };
  try {
    return await networks.attach(wish, names, AbortSignal.timeout(PATIENCE_MS));
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw attachmentRefused(wish.networks.map(({ target }) => target).join(", "), error);
  }
}

/** By the target that the user named. */
export function endpointsByTarget(
  wanted: readonly NamedNetwork[],
  { networks }: PlacedContainer,
): ReadonlyMap<string, EngineEndpoint> {
  return new Map(
    wanted.flatMap(({ target }): [string, EngineEndpoint][] => {
      const found =
        networks.find(({ networkId }) => networkId === target) ??
        networks.find(({ name }) => name === target);
      if (found === undefined) return [];
      return [[target, { ...found, gateways: found.subnets.map(({ gateway }) => gateway) }]];
    }),
  );
}
