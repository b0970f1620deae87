/**
 * Which nodes may run a task. Each filter refuses or lets pass, and says in the user's words how
 * many it refused, so that "why is it pending?" always has an answer. Those that depend only on a
 * node's class are asked once per class.
 */
import { canonicalArchitecture, matchesNode } from "../../../shared/model/constraint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { hasNetworkPlugin, type Node, nodeAvailability } from "../../../shared/model/node.js";
import type { Demand } from "./demand.js";
import type { NodeLoad } from "./node-load.js";

interface Filter {
  readonly accepts: (node: NodeLoad, demand: Demand, service: ServiceId) => boolean;
  /** What is the matter with the nodes that were refused: "insufficient resources on 2 nodes". */
  readonly explain: (refused: number) => string;
}

const ready: Filter = {
  accepts: ({ node }) => node.status.state === "ready" && nodeAvailability(node) === "active",
  explain: (refused) => `${nodes(refused)} not available for new tasks`,
};

const platform: Filter = {
  accepts: ({ node }, { platforms }) =>
    platforms.length === 0 || platforms.some((wanted) => runs(node, wanted)),
  explain: (refused) => `unsupported platform on ${nodes(refused)}`,
};

const classConstraints: Filter = {
  accepts: ({ node }, demand) => matchesNode(demand.classConstraints, node),
  explain: (refused) => `scheduling constraints not satisfied on ${nodes(refused)}`,
};

const nodeConstraints: Filter = {
  accepts: ({ node }, demand) => matchesNode(demand.nodeConstraints, node),
  explain: classConstraints.explain,
};

/** A task on an overlay network could not be reached on a host that has none. */
const plugins: Filter = {
  accepts: ({ node }, { networkPlugins }) =>
    networkPlugins.every((name) => hasNetworkPlugin(node, name)),
  explain: (refused) => `missing network plugin on ${nodes(refused)}`,
};

const resources: Filter = {
  accepts: (node, demand) => node.hasRoomFor(demand.resources),
  explain: (refused) => `insufficient resources on ${nodes(refused)}`,
};

const hostPorts: Filter = {
  accepts: (node, demand) => node.portsFree(demand.hostPorts),
  explain: (refused) => `host-mode port already in use on ${nodes(refused)}`,
};

const maxReplicas: Filter = {
  accepts: (node, { maxPerNode }, service) =>
    maxPerNode === 0 || node.tasksOf(service) < maxPerNode,
  explain: (refused) => `max replicas per node limit exceed on ${nodes(refused)}`,
};

/** Answered alike by every node of a class. */
const CLASS_FILTERS: readonly Filter[] = [ready, platform, plugins, classConstraints];
/** Answered by each node for itself. */
const NODE_FILTERS: readonly Filter[] = [nodeConstraints, resources, hostPorts, maxReplicas];

export function classAccepts(
  anyNodeOfClass: NodeLoad,
  demand: Demand,
  service: ServiceId,
): boolean {
  return CLASS_FILTERS.every((filter) => filter.accepts(anyNodeOfClass, demand, service));
}

export function nodeAccepts(node: NodeLoad, demand: Demand, service: ServiceId): boolean {
  return NODE_FILTERS.every((filter) => filter.accepts(node, demand, service));
}

/**
 * Why no node will do: each node is counted for the first filter that refuses it, and the filter
 * that refuses most is named first. `no suitable node (insufficient resources on 2 nodes;
 * scheduling constraints not satisfied on 1 node)`
 */
export function explainRefusal(
  all: Iterable<NodeLoad>,
  demand: Demand,
  service: ServiceId,
): string {
  const filters = [...CLASS_FILTERS, ...NODE_FILTERS];
  const refusals = new Map<Filter["explain"], number>();
  for (const node of all) {
    const refusing = filters.find((filter) => !filter.accepts(node, demand, service));
    if (refusing === undefined) continue;
    refusals.set(refusing.explain, (refusals.get(refusing.explain) ?? 0) + 1);
  }
  if (refusals.size === 0) return "no suitable node (the cluster has no nodes)";
  const reasons = [...refusals]
    .sort(([, a], [, b]) => b - a) // stable: among equals the filters' order stands
    .map(([explain, count]) => explain(count));
  return `no suitable node (${reasons.join("; ")})`;
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

/** Before its first session nothing is known of a node, and it is not ready either. */

function runs(node: Node, wanted: { OS?: string; Architecture?: string }): boolean {
  const own = node.description?.Platform;
  const sameOs = !wanted.OS || own?.OS?.toLowerCase() === wanted.OS.toLowerCase();
  const sameArchitecture =
    !wanted.Architecture ||
    canonicalArchitecture(own?.Architecture ?? "") === canonicalArchitecture(wanted.Architecture);
  return sameOs && sameArchitecture;
}
