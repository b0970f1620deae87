/** Names for ids, asked for once each; an object that is gone keeps its id. */
import type { Node } from "../../shared/docker-api/node-spec.js";
import type { Service } from "../../shared/docker-api/service-spec.js";
import type { Client } from "../client.js";
import { DaemonRefusedError } from "../errors.js";

export interface Names {
  service(id: string): Promise<string>;
  node(id: string): Promise<string>;
}

/** `--no-resolve`: an id is its own name. */
export const IDS_AS_NAMES: Names = {
  service: (id) => Promise.resolve(id),
  node: (id) => Promise.resolve(id),
};

export function namesFrom(client: Client): Names {
  const asked = new Map<string, Promise<string>>();
  const once = (key: string, ask: () => Promise<string>): Promise<string> => {
    const known = asked.get(key) ?? ask();
    asked.set(key, known);
    return known;
  };
  return {
    service: (id) => once(`service ${id}`, () => serviceName(client, id)),
    node: (id) =>
      id === "" ? Promise.resolve("") : once(`node ${id}`, () => nodeName(client, id)),
  };
}

async function serviceName(client: Client, id: string): Promise<string> {
  const path = `/services/${encodeURIComponent(id)}`;
  const service = await unlessRefused(client.call<Service>("GET", path));
  return service?.Spec.Name ?? id;
}

async function nodeName(client: Client, id: string): Promise<string> {
  const node = await unlessRefused(client.call<Node>("GET", `/nodes/${encodeURIComponent(id)}`));
  const candidates = [node?.Spec.Name, node?.Description.Hostname];
  return candidates.find((name) => name !== undefined && name !== "") ?? id;
}

async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DaemonRefusedError) return undefined;
    throw error;
  }
}
