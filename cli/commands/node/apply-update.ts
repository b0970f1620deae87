/**
 * Reads a node, changes its spec and sends it back: what `update`, `promote` and `demote` share.
 */
import type { Node, NodeSpec } from "../../../shared/docker-api/node-spec.js";
import type { Client } from "../../client.js";

/** @param change the spec to send, or undefined when there is nothing to do. */
export async function updateNode(
  client: Client,
  reference: string,
  change: (node: Node) => NodeSpec | undefined,
): Promise<"updated" | "unchanged"> {
  const node = await client.call<Node>("GET", `/nodes/${encodeURIComponent(reference)}`);
  const body = change(node);
  if (body === undefined) return "unchanged";
  const query = { version: node.Version.Index };
  await client.call("POST", `/nodes/${node.ID}/update`, { query, body });
  return "updated";
}
