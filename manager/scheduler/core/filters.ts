/**
 * Which nodes may run a task. Each filter refuses or lets pass, and says in the user's words how
 * many it refused, so that "why is it pending?" always has an answer. Those that depend only on a
 * node's class are asked once per class.
 */
import { matchesNode } from "../../../shared/model/constraint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { hasNetworkPlugin, nodeAvailability } from "../../../shared/model/node.js";
import { runsPlatform } from "../../../shared/model/platform.js";
import type { Demand } from "./demand.js";
import type { NodeLoad } from "./node-load.js";
import {
  type FilterName,
  type Miss,
  missedConstraints,
  missedGenerics,
  missedResources,
  platformWords,
  standingWords,
} from "./shortfall.js";

interface Filter {
  readonly name: FilterName;
  readonly accepts: (node: NodeLoad, demand: Demand, service: ServiceId) => boolean;
  /** What is the matter with the nodes that were refused: "insufficient resources on 2 nodes". */
  readonly explain: (refused: number, demand: Demand) => string;
  /** What a node that is refused would need: "lacks 120 MiB of memory". */
  readonly miss: (node: NodeLoad, demand: Demand, service: ServiceId) => Miss;
}

/** There is no almost for most filters. */
const WHOLLY = 1;

const ready: Filter = {
  name: "ready",
  accepts: ({ node }) => node.status.state === "ready" && nodeAvailability(node) === "active",
  explain: (refused) => `${nodes(refused)} not available for new tasks`,
  miss: ({ node }) => ({ filter: "ready", words: standingWords(node), share: WHOLLY }),
};

const platform: Filter = {
  name: "platform",
  accepts: ({ node }, { platforms }) => runsPlatform(node, platforms),
  explain: (refused) => `unsupported platform on ${nodes(refused)}`,
  miss: ({ node }, { platforms }) => ({
    filter: "platform",
    words: platformWords(node, platforms),
    share: WHOLLY,
  }),
};

const classConstraints: Filter = {
  name: "constraints",
  accepts: ({ node }, demand) => matchesNode(demand.classConstraints, node),
  explain: (refused) => `scheduling constraints not satisfied on ${nodes(refused)}`,
  miss: ({ node }, demand) => missedConstraints(demand.classConstraints, node),
};

const nodeConstraints: Filter = {
  name: "constraints",
  accepts: ({ node }, demand) => matchesNode(demand.nodeConstraints, node),
  explain: classConstraints.explain,
  miss: ({ node }, demand) => missedConstraints(demand.nodeConstraints, node),
};

/** A task on an overlay network could not be reached on a host that has none. */
const plugins: Filter = {
  name: "network plugins",
  accepts: ({ node }, { networkPlugins }) =>
    networkPlugins.every((name) => hasNetworkPlugin(node, name)),
  explain: (refused) => `missing network plugin on ${nodes(refused)}`,
  miss: ({ node }, { networkPlugins }) => {
    const missing = networkPlugins.filter((name) => !hasNetworkPlugin(node, name));
    const words = `lacks network plugin ${missing.join(", ")}`;
    return { filter: "network plugins", words, share: WHOLLY };
  },
};

const resources: Filter = {
  name: "resources",
  accepts: (node, demand) => node.hasRoomFor(demand.resources),
  explain: (refused) => `insufficient resources on ${nodes(refused)}`,
  miss: (node, demand) => missedResources(node, demand.resources),
};

const generics: Filter = {
  name: "generic resources",
  accepts: (node, demand) => node.hasGenerics(demand.generics),
  explain: (refused, demand) => {
    const kinds = demand.generics.map(({ kind }) => kind).join(", ");
    return `insufficient resources (${kinds}) on ${nodes(refused)}`;
  },
  miss: (node, demand) => missedGenerics(node, demand.generics),
};

const hostPorts: Filter = {
  name: "host ports",
  accepts: (node, demand) => node.portsFree(demand.hostPorts),
  explain: (refused) => `host-mode port already in use on ${nodes(refused)}`,
  miss: (node, demand) => {
    const portsTaken = demand.hostPorts.filter((port) => !node.portsFree([port]));
    const words = `has ${portsTaken.length === 1 ? "port" : "ports"} ${portsTaken.join(", ")} taken`;
    return { filter: "host ports", words, portsTaken, share: WHOLLY };
  },
};

const maxReplicas: Filter = {
  name: "replicas per node",
  accepts: (node, { maxPerNode }, service) =>
    maxPerNode === 0 || node.tasksOf(service) < maxPerNode,
  explain: (refused) => `max replicas per node limit exceed on ${nodes(refused)}`,
  miss: (node, { maxPerNode }, service) => {
    const words = `has ${node.tasksOf(service)} tasks of the service, of ${maxPerNode} at most`;
    return { filter: "replicas per node", words, share: WHOLLY };
  },
};

/** Answered alike by every node of a class. */
const CLASS_FILTERS: readonly Filter[] = [ready, platform, plugins, classConstraints];
/** Answered by each node for itself. */
const NODE_FILTERS: readonly Filter[] = [
  nodeConstraints,
  resources,
  generics,
  hostPorts,
  maxReplicas,
];
const FILTERS: readonly Filter[] = [...CLASS_FILTERS, ...NODE_FILTERS];

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

/** Every filter that refuses the node, in their order; none where it accepts the task. */
export function missesOf(node: NodeLoad, demand: Demand, service: ServiceId): readonly Miss[] {
  return FILTERS.filter((filter) => !filter.accepts(node, demand, service)).map((filter) =>
    filter.miss(node, demand, service),
  );
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
  const refusals = new Map<Filter["explain"], number>(FILTERS.map(({ explain }) => [explain, 0]));
  for (const node of all) {
    const refusing = FILTERS.find((filter) => !filter.accepts(node, demand, service));
    if (refusing === undefined) continue;
    refusals.set(refusing.explain, (refusals.get(refusing.explain) ?? 0) + 1);
  }
  const reasons = [...refusals]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a) // stable: among equals the filters' order stands
    .map(([explain, count]) => explain(count, demand));
  if (reasons.length === 0) return "no suitable node (the cluster has no nodes)";
  return `no suitable node (${reasons.join("; ")})`;
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}
