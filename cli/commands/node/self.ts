/** `self`, which stands for the node that the daemon runs on. */
import type { SystemInfo } from "../../../shared/docker-api/system.js";
import type { Client } from "../../client.js";
import { UsageError } from "../../errors.js";
import type { Filters } from "../../flags/filter.js";

const SELF = "self";

/** @throws UsageError this host is in no swarm */
export async function nodeReference(client: Client, reference: string): Promise<string> {
  if (reference !== SELF) return reference;
  const info = await client.call<SystemInfo>("GET", "/info");
  const id = info.Swarm?.NodeID ?? "";
  if (id !== "") return id;
  // A request that only a manager answers tells why there is no id.
  await client.call("GET", "/nodes");
  throw new UsageError("node ID not found in /info: name the node instead of self");
}

export async function resolveSelf(client: Client, filters: Filters): Promise<Filters> {
  const nodes = filters["node"];
  if (nodes === undefined) return filters;
  return { ...filters, node: await Promise.all(nodes.map((one) => nodeReference(client, one))) };
}
