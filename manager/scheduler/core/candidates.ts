/**
 * The nodes that a group of tasks may go to, best first. A node is handed out (`next`), gets its
 * task, and comes back (`putBack`) to stand for another.
 */
import type { PlacementStrategy } from "../../../shared/docker-api/swarm-spec.js";
import { spreadValue } from "../../../shared/model/spread-label.js";
import type { Demand } from "./demand.js";
import { nodeAccepts } from "./filters.js";
import { Heap } from "./heap.js";
import type { NodeClass, NodeIndex } from "./node-index.js";
import { byFullness, byLoad, type NodeLoad } from "./node-load.js";
import type { TaskKind } from "./task-kind.js";

export interface Candidates {
  /**
   * The best node that accepts one more task, taken out of the index; undefined when there is none.
   */
  next(): NodeLoad | undefined;
  /** Called once for each node handed out, after its task was counted. */
  putBack(node: NodeLoad): void;
  /** Gives every node that was taken back to the index. */
  close(): void;
}

/** Whether the search may hand the node out at all. */
export type Admission = (node: NodeLoad) => boolean;

/** For whom nodes are looked for. */
export interface Search {
  readonly kind: TaskKind;
  readonly demand: Demand;
  readonly admits: Admission;
  readonly strategy: PlacementStrategy;
}

/** Fewest tasks of the same kind first, then of the service, then least loaded. */
export class SpreadByService implements Candidates {
  readonly #index: NodeIndex;
  readonly #search: Search;
  /**
   * Nodes that have tasks of the service, taken out of the index: few for a new
   * service, all for a large one.
   */
  readonly #holding: Heap<NodeLoad>;
  /**
   * Where the search for nodes without such tasks stands in each class; the least loaded on top.
   */
  readonly #fresh: Heap<Cursor>;
  readonly #taken: NodeLoad[];

  constructor(index: NodeIndex, search: Search) {
    this.#index = index;
    this.#search = search;
    const { demand } = search;
    const { serviceId: service } = search.kind;
    const classes = index.accepting(demand, service);
    this.#taken = [...index.holders(service)];
    for (const node of this.#taken) index.take(node);
    const accepted = new Set<string | undefined>(classes.map(({ key }) => key));
    const holding = this.#taken.filter((n) => accepted.has(index.classOf(n)) && this.#accepts(n));
    this.#holding = new Heap(byKind(search.kind), holding);
    const cursors = classes.filter((c) => c.nodes.length > 0).map((c) => new Cursor(c));
    this.#fresh = new Heap((a, b) => byLoad(a.node, b.node), cursors);
  }

  next(): NodeLoad | undefined {
    return this.#nextFresh() ?? this.#holding.pop();
  }

  putBack(node: NodeLoad): void {
    if (this.#accepts(node)) this.#holding.push(node);
  }

  close(): void {
    for (const node of this.#taken) this.#index.giveBack(node);
  }

  #nextFresh(): NodeLoad | undefined {
    for (let cursor = this.#fresh.peek(); cursor !== undefined; cursor = this.#fresh.peek()) {
      const node = cursor.node;
      const accepted = this.#accepts(node);
      if (accepted) {
        this.#index.take(node);
        this.#taken.push(node);
      } else {
        cursor.advance();
      }
      this.#fresh.pop();
      if (!cursor.ended) this.#fresh.push(cursor);
      if (accepted) return node;
    }
    return undefined;
  }

  #accepts(node: NodeLoad): boolean {
    return accepts(this.#search, node);
  }
}

/** A place in a class's list. Taking the node at the place brings the next one there. */
class Cursor {
  readonly #nodes: readonly NodeLoad[];
  #place = 0;

  constructor(nodeClass: NodeClass) {
    this.#nodes = nodeClass.nodes;
  }

  get ended(): boolean {
    return this.#place >= this.#nodes.length;
  }

  get node(): NodeLoad {
    return this.#nodes[this.#place] as NodeLoad;
  }

  advance(): void {
    this.#place += 1;
  }
}

/**
 * Evenly over the values of the first label, within each over those of the second, and
 * so on; within the last by the cluster's strategy. Nodes without the label are a branch of
 * their own, as in Docker. Without labels to spread over all nodes are one branch.
 */
export class SpreadByLabels implements Candidates {
  readonly #index: NodeIndex;
  readonly #search: Search;
  readonly #root: Branch;
  readonly #taken: readonly NodeLoad[];

  constructor(index: NodeIndex, search: Search) {
    this.#index = index;
    this.#search = search;
    const { demand } = search;
    const { serviceId: service } = search.kind;
    this.#root = new Branch(search);
    for (const { nodes } of index.accepting(demand, service)) {
      for (const node of nodes) this.#root.add(node, this.#path(node), this.#room(node));
    }
    this.#taken = this.#root.nodes();
    for (const node of this.#taken) index.take(node);
  }

  next(): NodeLoad | undefined {
    return this.#root.next();
  }

  putBack(node: NodeLoad): void {
    this.#root.putBack(node, this.#path(node), this.#room(node));
  }

  close(): void {
    for (const node of this.#taken) this.#index.giveBack(node);
  }

  #path(node: NodeLoad): readonly string[] {
    return this.#search.demand.spreadOver.map((label) => spreadValue(label, node.node));
  }

  #room(node: NodeLoad): Room {
    return accepts(this.#search, node) ? "open" : "full";
  }
}

/** Whether a node accepts another task. */
type Room = "open" | "full";

class Branch {
  readonly #search: Search;
  readonly #children = new Map<string, Branch>();
  readonly #nodes: Heap<NodeLoad>;
  /** Tasks of the service on the nodes of this branch, the full ones included. */
  #tasks = 0;
  /** Those of them that are of the same kind as the ones to be placed. */
  #alike = 0;
  /** Nodes of this branch that accept another task. */
  #open = 0;

  constructor(search: Search) {
    this.#search = search;
    this.#nodes = new Heap(search.strategy === "binpack" ? byFullness : byKind(search.kind));
  }

  add(node: NodeLoad, path: readonly string[], room: Room): void {
    const { kind } = this.#search;
    this.#tasks += node.tasksOf(kind.serviceId);
    this.#alike += kind.tasksOn(node);
    if (room === "open") this.#open += 1;
    const [value, ...rest] = path;
    if (value === undefined) {
      if (room === "open") this.#nodes.push(node);
    } else {
      this.#child(value).add(node, rest, room);
    }
  }

  putBack(node: NodeLoad, path: readonly string[], room: Room): void {
    this.#tasks += 1;
    this.#alike += 1;
    if (room === "open") this.#open += 1;
    const [value, ...rest] = path;
    if (value !== undefined) this.#child(value).putBack(node, rest, room);
    else if (room === "open") this.#nodes.push(node);
  }

  next(): NodeLoad | undefined {
    if (this.#open === 0) return undefined;
    this.#open -= 1;
    return this.#emptiestChild()?.next() ?? this.#nodes.pop();
  }

  nodes(): NodeLoad[] {
    return [...this.#children.values()]
      .flatMap((child) => child.nodes())
      .concat(this.#nodes.items());
  }

  #emptiestChild(): Branch | undefined {
    let emptiest: Branch | undefined;
    for (const child of this.#children.values()) {
      if (child.#open === 0) continue;
      if (emptiest === undefined || child.#isEmptierThan(emptiest)) emptiest = child;
    }
    return emptiest;
  }

  #isEmptierThan(other: Branch): boolean {
    return (this.#alike - other.#alike || this.#tasks - other.#tasks) < 0;
  }

  #child(value: string): Branch {
    let child = this.#children.get(value);
    if (child === undefined) this.#children.set(value, (child = new Branch(this.#search)));
    return child;
  }
}

function accepts({ demand, kind, admits }: Search, node: NodeLoad): boolean {
  return admits(node) && nodeAccepts(node, demand, kind.serviceId);
}

/** Fewest tasks of the kind first, then of the service, then least loaded. */
function byKind(kind: TaskKind): (a: NodeLoad, b: NodeLoad) => number {
  const { serviceId } = kind;
  const byService = (a: NodeLoad, b: NodeLoad): number =>
    a.tasksOf(serviceId) - b.tasksOf(serviceId) || byLoad(a, b);
  if (kind.isOnly) return byService;
  return (a, b) => kind.tasksOn(a) - kind.tasksOn(b) || byService(a, b);
}
