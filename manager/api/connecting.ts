/**
 * `docker network connect` and `disconnect` of a container that is there already, where the network
 * is one of the cluster's: asked of the managers like one that is made, and of the engine in its own
 * words.
 */
import type { IncomingMessage } from "node:http";

import type { VersionedPath } from "./core/api-version.js";
import {
  endpointConfig,
  type Fields,
  namedNetwork,
  parseFields,
  resolversOf,
} from "./core/container-request.js";
import { MalformedRequestError } from "./core/malformed-request.js";
import type { EngineLink } from "./engine-link.js";
import { endpointsByTarget, type EngineNetworks, place } from "./engine-networks.js";
import type { ContainerNetworks } from "./host.js";
import type { EngineAnswer, PassThrough } from "./pass-through.js";

const MEMBERSHIP = /^\/networks\/(?<network>[^/?]+)\/(?<verb>connect|disconnect)(?=\?|$)/;

interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly HostConfig?: Fields;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly NetworkSettings?: { readonly Networks?: Fields | null };
}

/** What the user asked. */
interface Wish {
  readonly request: IncomingMessage;
  readonly target: VersionedPath;
  /** As the user calls it. */
  readonly network: string;
  readonly body: Fields;
}

export function isMembership(path: string): boolean {
  return MEMBERSHIP.test(path);
}

export class Connecting {
  readonly #engine: EngineLink;
  readonly #engineNetworks: EngineNetworks;
  readonly #passThrough: PassThrough;

  constructor(engine: EngineLink, engineNetworks: EngineNetworks, passThrough: PassThrough) {
    this.#engine = engine;
    this.#engineNetworks = engineNetworks;
    this.#passThrough = passThrough;
  }

  /** What the engine says, to the request as it came or to ours. */
  async answer(
    request: IncomingMessage,
    target: VersionedPath,
    networks: ContainerNetworks,
    text: string,
  ): Promise<EngineAnswer> {
    const { network = "", verb } = MEMBERSHIP.exec(target.path)?.groups ?? {};
    const wish = { request, target, network: decodeURIComponent(network), body: parseFields(text) };
    const container = await this.#container(wish.body);
    const answer =
      container === undefined
        ? undefined
        : verb === "connect"
          ? await this.#connect(wish, container, networks)
          : await this.#disconnect(wish, container, networks);
    return answer ?? (await this.#passThrough.ask(request, target, text));
  }

  /** @returns undefined where it is none of ours */
  async #connect(
    wish: Wish,
    container: Container,
    networks: ContainerNetworks,
  ): Promise<EngineAnswer | undefined> {
    const { body, network, target } = wish;
    const endpoint = (body["EndpointConfig"] ?? {}) as Fields;
    const named = [namedNetwork(network, endpoint)];
    const wanted = await this.#engineNetworks.ofCluster(named);
    if (wanted.length === 0) return undefined;
    const id = networks.idOf(container.Id, container.Config?.Labels ?? {});
    if (id === undefined)
      throw new MalformedRequestError(
        `container ${container.Name.slice(1)} is one of a service: give the network to the service`,
      );
    const containerName = container.Name.slice(1);
    const resolvers = resolversOf({ HostConfig: container.HostConfig ?? {} });
    const placed = await place(networks, { id, containerName, networks: wanted }, resolvers);
    try {
      const at = endpointsByTarget(wanted, placed).get(network);
      if (at === undefined) return undefined;
      const manner = await this.#engineNetworks.manner(target);
      const EndpointConfig = { ...endpoint, ...endpointConfig(at, manner) };
      return await this.#say(wish, at.engineName, { ...body, EndpointConfig });
    } finally {
      networks.made(id);
    }
  }

  async #disconnect(
    wish: Wish,
    { NetworkSettings: settings }: Container,
    networks: ContainerNetworks,
  ): Promise<EngineAnswer | undefined> {
    const on = Object.keys(settings?.Networks ?? {});
    if (on.includes(wish.network)) return undefined;
    for (const engineName of on) {
      const named = await this.#engineNetworks.named(engineName);
      if (named?.id !== wish.network && named?.name !== wish.network) continue;
      const answer = await this.#say(wish, engineName, wish.body);
      networks.look();
      return answer;
    }
    return undefined;
  }

  #say({ request, target }: Wish, engineName: string, body: Fields): Promise<EngineAnswer> {
    const path = target.path.replace(MEMBERSHIP, `/networks/${engineName}/$<verb>`);
    return this.#passThrough.ask(request, { ...target, path }, JSON.stringify(body));
  }

  /** @returns undefined where the engine has none: it says so itself */
  async #container({ Container: name }: Fields): Promise<Container | undefined> {
    if (typeof name !== "string" || name === "") return undefined;
    const path = `/containers/${encodeURIComponent(name)}/json`;
    const { status, body } = await this.#engine.ask("GET", path);
    return status === 200 ? (body as Container) : undefined;
  }
}
