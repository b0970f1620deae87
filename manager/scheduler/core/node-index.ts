/**
 * The nodes in classes, each class in order of load. Nodes of a class have the same state, role,
 * labels, platform and plugins, so a filter on these is asked once per class; the best node of a class is
 * its first, found without a scan.
 *
 * Invariant: a class's list is ordered by `byLoad`. A node's load changes only while it is taken
 * out of its list (`change` does both, `take` and `giveBack` leave the list short in between), or
 * while all of them are (`changeMany`).
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import type { Demand } from "./demand.js";
import { classAccepts } from "./filters.js";
import { byLoad, NodeLoad } from "./node-load.js";
import type { TaskKind } from "./task-kind.js";

export interface NodeClass {
  readonly key: string;
  /** Least loaded first. */
  readonly nodes: NodeLoad[];
}

export class NodeIndex {
  readonly #loads = new Map<NodeId, NodeLoad>();
  #ranks = 0;
  readonly #classOf = new Map<NodeLoad, NodeClass>();
  readonly #classes = new Map<string, NodeClass>();
  readonly #holders = new Map<ServiceId, Set<NodeLoad>>();
  /** `open`: changes do not look after it. */
  #order: "kept" | "open" = "kept";
  /** By requirement; forgotten whenever a class comes, goes or loses its last node. */
  readonly #accepting = new Map<string, readonly NodeClass[]>();

  get(id: NodeId): NodeLoad | undefined {
    return this.#loads.get(id);
  }

  all(): Iterable<NodeLoad> {
    return this.#loads.values();
  }

  setNode(node: Node): void {
    const known = this.#loads.get(node.id);
    if (known === undefined) {
      const load = new NodeLoad(node, this.#ranks++);
      this.#loads.set(node.id, load);
      this.#enlist(load);
    } else {
      this.#delist(known);
      known.become(node);
      this.#enlist(known);
    }
  }

  removeNode(id: NodeId): void {
    const load = this.#loads.get(id);
    if (load === undefined) return;
    this.#delist(load);
    this.#loads.delete(id);
    for (const holders of this.#holders.values()) holders.delete(load);
  }

  classOf(load: NodeLoad): string | undefined {
    return this.#classOf.get(load)?.key;
  }

  /** Classes whose nodes pass every filter that a class answers. */
  accepting(demand: Demand, service: ServiceId): readonly NodeClass[] {
    const known = this.#accepting.get(demand.requirement);
    if (known !== undefined) return known;
    const accepting = [...this.#classes.values()].filter(({ nodes: [first] }) => {
      return first !== undefined && classAccepts(first, demand, service);
    });
    this.#accepting.set(demand.requirement, accepting);
    return accepting;
  }

  /** Nodes on which tasks of the service are wanted. */
  holders(service: ServiceId): Iterable<NodeLoad> {
    return this.#holders.get(service) ?? [];
  }

  /** Changes the load of a node that stands in its list. */
  change(id: NodeId, change: (load: NodeLoad) => void): void {
    const load = this.#loads.get(id);
    if (load === undefined) return;
    if (this.#order === "open") {
      change(load);
      return;
    }
    this.take(load);
    change(load);
    this.giveBack(load);
  }

  /** For more changes than there are nodes: the lists are put in order once, at the end. */
  changeMany(changes: () => void): void {
    this.#order = "open";
    try {
      changes();
    } finally {
      this.#order = "kept";
      for (const { nodes } of this.#classes.values()) nodes.sort(byLoad);
    }
  }

  /** Takes a node out of its class's list, so that its load may change. */
  take(load: NodeLoad): void {
    const nodes = this.#classOf.get(load)?.nodes;
    nodes?.splice(placeOf(load, nodes), 1);
  }

  /** Puts a node that was taken back where it now belongs. */
  giveBack(load: NodeLoad): void {
    const nodes = this.#classOf.get(load)?.nodes;
    nodes?.splice(placeOf(load, nodes), 0, load);
  }

  /**
   * Counts a task on a node that is taken out: wanted there (1), or no longer (-1).
   */
  countTask(load: NodeLoad, kind: TaskKind, change: 1 | -1): void {
    const { serviceId: service } = kind;
    load.countTask(service, change);
    kind.count(load, change);
    let holders = this.#holders.get(service);
    if (holders === undefined) this.#holders.set(service, (holders = new Set()));
    if (load.tasksOf(service) > 0) holders.add(load);
    else holders.delete(load);
    if (holders.size === 0) this.#holders.delete(service);
  }

  #enlist(load: NodeLoad): void {
    const key = classKey(load.node);
    let nodeClass = this.#classes.get(key);
    if (nodeClass === undefined) {
      this.#classes.set(key, (nodeClass = { key, nodes: [] }));
      this.#accepting.clear();
    }
    this.#classOf.set(load, nodeClass);
    this.giveBack(load);
  }

  #delist(load: NodeLoad): void {
    this.take(load);
    const nodeClass = this.#classOf.get(load);
    this.#classOf.delete(load);
    if (nodeClass?.nodes.length === 0) {
      this.#classes.delete(nodeClass.key);
      this.#accepting.clear();
    }
  }
}

/** Everything that `classAccepts` looks at, and nothing else. */
function classKey({ status, spec, description }: Node): string {
  return canonicalText([
    status.state,
    spec.Availability,
    spec.Role,
    spec.Labels,
    description?.Platform,
    description?.Engine?.Labels,
    description?.Engine?.Plugins,
  ]);
}

/** Where `load` stands in the ordered list, or would have to be put. */
function placeOf(load: NodeLoad, nodes: readonly NodeLoad[]): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = nodes[middle] as NodeLoad;
    if (at === load) return middle;
    if (byLoad(at, load) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
