/**
 * What a host without a container engine answers where an engine is asked. Lists are empty
 * and objects are not found, so that clients which look through all kinds of objects (`docker
 * inspect`, dashboards) get to those that are here; what would have to be done by an engine
 * is refused in clear words.
 */
import { PREDEFINED_NETWORKS } from "../../../shared/model/network.js";
import { showPredefinedNetwork } from "./show-network.js";

export interface PlainAnswer {
  readonly status: number;
  readonly body: unknown;
}

const REFUSAL =
  "this host has no container engine: only services, tasks and nodes can be managed here";

/** Docker's words for an object that is not there, by the path that asks for it. */
const NOT_FOUND: readonly (readonly [RegExp, (name: string) => string])[] = [
  [
    /^\/containers\/(?<name>[^/]+)\/(?:json|logs|top|stats|changes)$/,
    (name) => `No such container: ${name}`,
  ],
  [/^\/images\/(?<name>.+)\/(?:json|history)$/, (name) => `No such image: ${name}`],
  [/^\/volumes\/(?<name>[^/]+)$/, (name) => `get ${name}: no such volume`],
  [/^\/plugins\/(?<name>.+)\/json$/, (name) => `plugin ${JSON.stringify(name)} not found`],
  [/^\/networks\/(?<name>[^/]+)$/, (name) => `network ${name} not found`],
  [/^\/exec\/(?<name>[^/]+)\/json$/, (name) => `No such exec instance: ${name}`],
];

const LISTS: Readonly<Record<string, () => unknown>> = {
  "/containers/json": () => [],
  "/images/json": () => [],
  "/volumes": () => ({ Volumes: [], Warnings: null }),
  "/plugins": () => [],
  "/networks": () => PREDEFINED_NETWORKS.map(showPredefinedNetwork),
};

/** @param path without its version; the query does not matter. */
export function withoutEngine(method: string, path: string): PlainAnswer {
  const [bare = path] = path.split("?");
  if (method === "GET" || method === "HEAD") {
    const list = LISTS[bare];
    if (list !== undefined) return { status: 200, body: list() };
    const network = PREDEFINED_NETWORKS.find((name) => bare === `/networks/${name}`);
    if (network !== undefined) return { status: 200, body: showPredefinedNetwork(network) };
    for (const [pattern, words] of NOT_FOUND) {
      const name = pattern.exec(bare)?.groups?.["name"];
      if (name !== undefined) return { status: 404, body: { message: words(decoded(name)) } };
    }
  }
  return { status: 501, body: { message: REFUSAL } };
}

/** A name that is not properly encoded is shown as it came. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
