/**
 * Containers that a user makes on networks of the cluster, or connects to one: the engine knows these
 * networks by other names, and the managers give the addresses. So such a request is read, the
 * managers are asked, and the engine gets it in its own words. Every other request of the kind goes
 * on as it came. What the engine shows of such containers is shown by the networks' own names.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import { newId, type TaskId } from "../../shared/model/ids.js";
import type { ApiContext } from "./api-context.js";
import { Connecting, isMembership } from "./connecting.js";
import { ContainerViews, isContainerView } from "./container-views.js";
import type { VersionedPath } from "./core/api-version.js";
import {
  endpointConfig,
  type EndpointManner,
  type EngineEndpoint,
  type Fields,
  type NamedNetwork,
  namedNetworks,
  parseFields,
  resolversOf,
  rewriteRequest,
} from "./core/container-request.js";
import { endpointsByTarget, EngineNetworks, place } from "./engine-networks.js";
import { answerTo } from "./error-reply.js";
import type { ContainerNetworks } from "./host.js";
import type { EngineAnswer, PassThrough } from "./pass-through.js";
import { readRawBody } from "./raw-body.js";

const CREATE = /^\/containers\/create(?=\?|$)/;

export class Attaching {
  readonly #context: ApiContext;
  readonly #passThrough: PassThrough;
  readonly #engineNetworks: EngineNetworks;
  readonly #connecting: Connecting;
  readonly #views: ContainerViews;

  constructor(context: ApiContext, passThrough: PassThrough) {
    this.#context = context;
    this.#passThrough = passThrough;
    this.#engineNetworks = new EngineNetworks(context.engine);
    this.#connecting = new Connecting(context.engine, this.#engineNetworks, passThrough);
    this.#views = new ContainerViews(this.#engineNetworks, passThrough);
  }

  /** Whether the request may be about a network of the cluster. */
  concerns(method: string | undefined, path: string): boolean {
    const isOne =
      method === "POST"
        ? CREATE.test(path) || isMembership(path)
        : method === "GET" && isContainerView(path);
    return isOne && this.#networks !== undefined;
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
    if (isContainerView(target.path)) return await this.#views.answer(request, target);
    const { text } = await readRawBody(request, this.#context.clock);
    const networks = this.#networks;
    if (networks === undefined) return await this.#passThrough.ask(request, target, text);
    if (isMembership(target.path))
      return await this.#connecting.answer(request, target, networks, text);
    const body = parseFields(text);
    const wanted = await this.#engineNetworks.ofCluster(namedNetworks(body));
    if (wanted.length === 0) return await this.#passThrough.ask(request, target, text);
    return await this.#create(request, target, networks, { body, wanted });
  }

  async #create(
    request: IncomingMessage,
    target: VersionedPath,
    networks: ContainerNetworks,
    { body, wanted }: { readonly body: Fields; readonly wanted: readonly NamedNetwork[] },
  ): Promise<EngineAnswer> {
    const id = newId<TaskId>(this.#context.random);
    const containerName = new URLSearchParams(target.path.split("?")[1]).get("name") ?? "";
    const wish = { id, containerName, networks: wanted };
    const placed = await place(networks, wish, resolversOf(body));
    try {
      const manner = await this.#engineNetworks.manner(target);
      const at = endpointsByTarget(wanted, placed);
      const rewritten = rewriteRequest(body, at, placed.labels, manner);
      const answer = await this.#passThrough.ask(request, target, JSON.stringify(rewritten.body));
      return answer.status === 201
        ? await this.#connectLater(answer, rewritten.later, manner)
        : answer;
    } finally {
      networks.made(id);
    }
  }

  /** To those that an older engine does not take at once. */
  async #connectLater(
    answer: EngineAnswer,
    later: readonly EngineEndpoint[],
    manner: EndpointManner,
  ): Promise<EngineAnswer> {
    const { Id: Container } = JSON.parse(answer.body.toString("utf8")) as { Id: string };
    for (const endpoint of later) {
      const wish = { Container, EndpointConfig: endpointConfig(endpoint, manner) };
      const path = `/networks/${endpoint.engineName}/connect`;
      const { status, body } = await this.#context.engine.ask("POST", path, JSON.stringify(wish));
      if (status >= 400) return { ...answer, status, body: Buffer.from(JSON.stringify(body)) };
    }
    return answer;
  }
}
