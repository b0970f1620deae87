/** Names of the swarm's objects, for completion: quickly, or none at all. */
import type { Config } from "../../shared/docker-api/config.js";
import type { Network } from "../../shared/docker-api/network.js";
import type { Node } from "../../shared/docker-api/node-spec.js";
import type { Secret } from "../../shared/docker-api/secret.js";
import type { Service } from "../../shared/docker-api/service-spec.js";
import type { Task } from "../../shared/docker-api/task.js";
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Client } from "../client.js";
import { UsageError } from "../errors.js";
import type { NamedObject } from "./sources.js";

/** Longer than that nobody waits for a completion. */
const ANSWER_MAX_MS = 2000;

export async function namesFromDaemon(
  client: Client,
  clock: Clock,
  object: NamedObject,
): Promise<readonly string[]> {
  const late = new AbortController();
  const timer = clock.after(ANSWER_MAX_MS, () => {
    late.abort(new UsageError("no answer in time"));
  });
  try {
    return await askNames(client, object, late.signal);
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  } finally {
    timer.cancel();
  }
}

async function askNames(
  client: Client,
  object: NamedObject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  switch (object) {
    case "service": {
      const services = await client.call<Service[]>("GET", "/services", { signal });
      return services.map(({ Spec: spec, ID: id }) => spec.Name ?? id);
    }
    case "task": {
      const tasks = await client.call<Task[]>("GET", "/tasks", { signal });
      return tasks.map(({ ID: id }) => id);
    }
    case "node":
      return nodeNames(await client.call<Node[]>("GET", "/nodes", { signal }));
    case "network": {
      const networks = await client.call<Network[]>("GET", "/networks", { signal });
      return networks.map(({ Name: name }) => name);
    }
    case "secret":
    case "config": {
      const path = `/${object}s`;
      const found = await client.call<(Secret | Config)[]>("GET", path, { signal });
      return found.map(({ Spec: spec, ID: id }) => spec.Name ?? id);
    }
  }
}

/** Several nodes can have one hostname: then only their ids say which is meant. */
function nodeNames(nodes: readonly Node[]): string[] {
  const hostnames = nodes.map(({ Description: description }) => description.Hostname ?? "");
  return nodes.map(({ ID: id, Description: { Hostname: name = "" } }) =>
    name !== "" && hostnames.filter((one) => one === name).length === 1 ? name : id,
  );
}
