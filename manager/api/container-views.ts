/** What the engine shows of its containers, with networks of the cluster by their own names. */
import type { IncomingMessage } from "node:http";

import type { VersionedPath } from "./core/api-version.js";
import type { Fields } from "./core/container-request.js";
import {
  ATTACHMENT_LABEL,
  type ClusterNetworkName,
  engineNetworksOf,
  showContainer,
} from "./core/show-container.js";
import type { EngineNetworks } from "./engine-networks.js";
import type { EngineAnswer, PassThrough } from "./pass-through.js";

const VIEW = /^\/containers\/(?:[^/?]+\/)?json(?=\?|$)/;

export function isContainerView(path: string): boolean {
  return VIEW.test(path);
}

export class ContainerViews {
  readonly #engineNetworks: EngineNetworks;
  readonly #passThrough: PassThrough;

  constructor(engineNetworks: EngineNetworks, passThrough: PassThrough) {
    this.#engineNetworks = engineNetworks;
    this.#passThrough = passThrough;
  }

  /** As it came, but for containers that are on networks of the cluster. */
  async answer(request: IncomingMessage, target: VersionedPath): Promise<EngineAnswer> {
    const answer = await this.#passThrough.ask(request, target, "");
    if (answer.status !== 200 || !answer.body.includes(ATTACHMENT_LABEL)) return answer;
    const shown = JSON.parse(answer.body.toString("utf8")) as Fields | readonly Fields[];
    const all = Array.isArray(shown) ? (shown as readonly Fields[]) : [shown as Fields];
    const names = await this.#names(new Set(all.flatMap(engineNetworksOf)));
    const translated = all.map((one) => showContainer(one, names));
    const body = Array.isArray(shown) ? translated : translated[0];
    return { ...answer, body: Buffer.from(`${JSON.stringify(body)}\n`) };
  }

  async #names(engineNames: ReadonlySet<string>): Promise<ReadonlyMap<string, ClusterNetworkName>> {
    const names = new Map<string, ClusterNetworkName>();
    for (const engineName of engineNames) {
      const network = await this.#engineNetworks.named(engineName);
      if (network !== undefined) names.set(engineName, network);
    }
    return names;
  }
}
