/**
 * Containers that a user makes on networks of the cluster, or connects to one: the engine knows these
 * networks by other names, and the managers give the addresses. So such a request is read, the
 * managers are asked, and the engine gets it in its own words. Every other request of the kind goes
 * on as it came.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import { ClusterError } from "../../shared/errors/cluster-error.js";
import { newId, type TaskId } from "../../shared/model/ids.js";
import { ENGINE_NETWORK_LABEL } from "../../shared/model/network.js";
import type { ApiContext } from "./api-context.js";
import { olderVersion, type VersionedPath } from "./core/api-version.js";
import { attachmentRefused } from "./core/attachment-words.js";
import {
  type EngineEndpoint,
  type NamedNetwork,
  namedNetworks,
  parseFields,
  resolversOf,
  rewriteRequest,
} from "./core/container-request.js";
import { endpointConfig } from "./core/container-request.js";
import { PATIENCE_MS } from "./engine-link.js";
import { answerTo } from "./error-reply.js";
import type { ContainerNetworks, PlacedContainer } from "./host.js";
import type { EngineAnswer, PassThrough } from "./pass-through.js";
import { readRawBody } from "./raw-body.js";

const CREATE = /^\/containers\/create(?:\?|$)/;

export class Attaching {
  readonly #context: ApiContext;
  readonly #passThrough: PassThrough;

  constructor(context: ApiContext, passThrough: PassThrough) {
    this.#context = context;
    this.#passThrough = passThrough;
  }

  /** Whether the request may be about a network of the cluster. */
  concerns(method: string | undefined, path: string): boolean {
    return method === "POST" && CREATE.test(path) && this.#networks !== undefined;
  }

  answer(request: IncomingMessage, response: ServerResponse, target: VersionedPath): void {
    this.#answer(request, target).then(
      (answer) => this.#passThrough.reply(response, answer),
      (error: unknown) => this.#passThrough.refuse(response, answerTo(error, this.#context.logger)),
    );
  }

  get #networks(): ContainerNetworks | undefined {
    return this.#context.host.attachments?.();
  }

  async #answer(request: IncomingMessage, target: VersionedPath): Promise<EngineAnswer> {
    const { clock, random } = this.#context;
    const { text } = await readRawBody(request, clock);
    const body = parseFields(text);
    const wanted = await this.#ofCluster(namedNetworks(body));
    const networks = this.#networks;
    if (wanted.length === 0 || networks === undefined)
      return await this.#passThrough.ask(request, target, text);
    const id = newId<TaskId>(random);
    const containerName = new URLSearchParams(target.path.split("?")[1]).get("name") ?? "";
    const placed = await this.#place(networks, { id, containerName, networks: wanted }, body);
    try {
      const apiMinor = await this.#apiMinor(target);
      const at = endpointsByTarget(wanted, placed);
      const rewritten = rewriteRequest(body, at, placed.labels, apiMinor);
      const answer = await this.#passThrough.ask(request, target, JSON.stringify(rewritten.body));
      return answer.status === 201
        ? await this.#connectLater(answer, rewritten.later, apiMinor)
        : answer;
    } finally {
      networks.made(id);
    }
  }

  /** The engine's own go before those of the cluster, as in Docker. */
  async #ofCluster(named: readonly NamedNetwork[]): Promise<readonly NamedNetwork[]> {
    const found: NamedNetwork[] = [];
    for (const network of named) {
      const path = `/networks/${encodeURIComponent(network.target)}`;
      const { status, body } = await this.#context.engine.ask("GET", path);
      if (status === 404 || isOfCluster(body)) found.push(network);
    }
    return found;
  }

  async #place(
    networks: ContainerNetworks,
    wish: {
      readonly id: TaskId;
      readonly containerName: string;
      networks: readonly NamedNetwork[];
    },
    body: Readonly<Record<string, unknown>>,
  ): Promise<PlacedContainer> {
    const names = { resolvers: resolversOf(body), search: [], options: [] };
    try {
      return await networks.attach(wish, names, AbortSignal.timeout(PATIENCE_MS));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      throw attachmentRefused(wish.networks.map(({ target }) => target).join(", "), error);
    }
  }

  /** To those that an older engine does not take at once. */
  async #connectLater(
    answer: EngineAnswer,
    later: readonly EngineEndpoint[],
    apiMinor: number,
  ): Promise<EngineAnswer> {
    const { Id: Container } = JSON.parse(answer.body.toString("utf8")) as { Id: string };
    for (const endpoint of later) {
      const wish = { Container, EndpointConfig: endpointConfig(endpoint, apiMinor) };
      const path = `/networks/${endpoint.engineName}/connect`;
      const { status, body } = await this.#context.engine.ask("POST", path, JSON.stringify(wish));
      if (status >= 400) return { ...answer, status, body: Buffer.from(JSON.stringify(body)) };
    }
    return answer;
  }

  async #apiMinor({ version }: VersionedPath): Promise<number> {
    const { apiVersion } = await this.#context.engine.facts(PATIENCE_MS);
    const spoken = version === undefined ? apiVersion : olderVersion(version, apiVersion);
    return Number(spoken.split(".")[1]);
  }
}

function isOfCluster(network: unknown): boolean {
  const { Labels: labels } = (network ?? {}) as { readonly Labels?: Record<string, string> | null };
  return labels?.[ENGINE_NETWORK_LABEL] !== undefined;
}

function endpointsByTarget(
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
