/** How the nodes stand to a task that has none: which filter refuses which, and who comes nearest. */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { holdsResources } from "../../../shared/model/resources.js";
import type { PlacementFacts } from "../../scheduler/core/cluster-state.js";
import { hostPortsOf } from "../../scheduler/core/demand.js";
import { missesOf } from "../../scheduler/core/filters.js";
import { FILTER_NAMES, type FilterName, type Miss } from "../../scheduler/core/shortfall.js";
import type { StoreView } from "../../store/core/view.js";
import { placeName } from "./place-name.js";

export interface PlacementVerdict {
  readonly accepting: readonly NodeId[];
  /** Each node is counted for the first filter that refuses it; the one that refuses most first. */
  readonly counts: readonly FilterCount[];
  /** Every node that is refused, the one that lacks least first. */
  readonly refused: readonly NodeRefusal[];
}

export interface FilterCount {
  readonly filter: FilterName;
  readonly nodes: number;
}

export interface NodeRefusal {
  readonly nodeId: NodeId;
  readonly filters: readonly FilterName[];
  /** To be read after the node's name. */
  readonly words: string;
}

/** @param nodeId where the task is for that node and no other */
export function judgePlacement(
  view: StoreView,
  serviceId: ServiceId,
  { demand, nodes }: PlacementFacts,
  nodeId?: NodeId,
): PlacementVerdict {
  const asked = nodeId === undefined ? nodes : nodes.filter(({ node }) => node.id === nodeId);
  const judged = asked.map((load) => ({
    id: load.node.id,
    misses: missesOf(load, demand, serviceId),
  }));
  const refused = judged.filter(({ misses }) => misses.length > 0);
  return {
    accepting: judged.filter(({ misses }) => misses.length === 0).map(({ id }) => id),
    counts: countFirst(refused.flatMap(({ misses }) => misses.slice(0, 1))),
    refused: refused
      .sort((a, b) => nearestFirst(a.misses, b.misses) || (a.id < b.id ? -1 : 1))
      .map(({ id, misses }) => ({
        nodeId: id,
        filters: misses.map(({ filter }) => filter),
        words: misses.map((miss) => missWords(view, id, miss)).join("; "),
      })),
  };
}

function countFirst(misses: readonly Miss[]): FilterCount[] {
  const counts = FILTER_NAMES.map((filter) => ({
    filter,
    nodes: misses.filter((miss) => miss.filter === filter).length,
  }));
  return counts.filter(({ nodes }) => nodes > 0).sort((a, b) => b.nodes - a.nodes);
}

/** Fewer filters refuse it; or later ones, which ask for what is easier to change; or by less. */
function nearestFirst(a: readonly Miss[], b: readonly Miss[]): number {
  return a.length - b.length || rank(b) - rank(a) || shareOf(a) - shareOf(b);
}

function rank([first]: readonly Miss[]): number {
  return first === undefined ? 0 : FILTER_NAMES.indexOf(first.filter);
}

function shareOf(misses: readonly Miss[]): number {
  return Math.max(...misses.map(({ share }) => share));
}

function missWords(view: StoreView, nodeId: NodeId, { words, portsTaken = [] }: Miss): string {
  if (portsTaken.length === 0) return words;
  return portsTaken.map((port) => `has port ${port} taken${byWhom(view, nodeId, port)}`).join("; ");
}

function byWhom(view: StoreView, nodeId: NodeId, port: string): string {
  const holder = view.tasksOfNode(nodeId).find((task) => {
    const revision = view.revision(task.serviceId, task.revision);
    return holdsResources(task) && revision !== undefined && hostPortsOf(revision).includes(port);
  });
  return holder === undefined ? "" : ` by ${placeName(view, holder)}`;
}
