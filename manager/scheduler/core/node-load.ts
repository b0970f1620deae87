/**
 * One node as the scheduler sees it: what it has, what its tasks hold of it, and how many
 * there are of each service.
 */
import {
  genericCapacity,
  type GenericDemand,
  type GenericShare,
} from "../../../shared/model/generic-resources.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import {
  addResources,
  fits,
  NO_RESOURCES,
  nodeCapacity,
  type Resources,
  subtractResources,
} from "../../../shared/model/resources.js";
import type { Demand } from "./demand.js";
import { GenericStock } from "./generic-stock.js";

export class NodeLoad {
  /** Order of arrival: the last word between nodes that are equally loaded. */
  readonly rank: number;
  #node: Node;
  #capacity: Resources;
  #reserved: Resources = NO_RESOURCES;
  #tasks = 0;
  #share = 0;
  readonly #tasksOf = new Map<ServiceId, number>();
  readonly #ports = new Map<string, number>();

  readonly #stock = new GenericStock();

  constructor(node: Node, rank: number) {
    this.rank = rank;
    this.#node = node;
    this.#capacity = nodeCapacity(node);
    this.#stock.become(genericCapacity(node));
  }

  get node(): Node {
    return this.#node;
  }

  /** The same node with a new description or spec; what its tasks hold stays. */
  become(node: Node): void {
    this.#node = node;
    this.#capacity = nodeCapacity(node);
    this.#stock.become(genericCapacity(node));
    this.#share = this.#reservedShare();
  }

  /** Tasks that the cluster wants on this node. */
  get tasks(): number {
    return this.#tasks;
  }

  /** The larger of the reserved shares of CPU and memory, in thousandths. */
  get share(): number {
    return this.#share;
  }

  get available(): Resources {
    return subtractResources(this.#capacity, this.#reserved);
  }

  tasksOf(service: ServiceId): number {
    return this.#tasksOf.get(service) ?? 0;
  }

  hasRoomFor(resources: Resources): boolean {
    return fits(resources, this.available);
  }

  portsFree(ports: readonly string[]): boolean {
    return ports.every((port) => !this.#ports.has(port));
  }

  hasGenerics(demands: readonly GenericDemand[]): boolean {
    return demands.length === 0 || this.#stock.hasRoomFor(demands);
  }

  genericsLeft(kind: string): number {
    return this.#stock.left(kind);
  }

  /** What of its generic resources a task would get; undefined where it asks for none. */
  chooseGenerics(demands: readonly GenericDemand[]): readonly GenericShare[] | undefined {
    return demands.length === 0 ? undefined : this.#stock.choose(demands);
  }

  /**
   * A task holds its reservation and its ports from its assignment until it was seen to end.
   * @param generics those that it was given
   */
  hold(demand: Demand, generics: readonly GenericShare[] | undefined): void {
    if (demand.isFree) return;
    if (generics !== undefined) this.#stock.count(generics, 1);
    this.#reserved = addResources(this.#reserved, demand.resources);
    for (const port of demand.hostPorts) count(this.#ports, port, 1);
    this.#share = this.#reservedShare();
  }

  release(demand: Demand, generics: readonly GenericShare[] | undefined): void {
    if (demand.isFree) return;
    if (generics !== undefined) this.#stock.count(generics, -1);
    this.#reserved = subtractResources(this.#reserved, demand.resources);
    for (const port of demand.hostPorts) count(this.#ports, port, -1);
    this.#share = this.#reservedShare();
  }

  /** Counts a task that is wanted here (1), or no longer (-1). */
  countTask(service: ServiceId, change: 1 | -1): void {
    this.#tasks += change;
    count(this.#tasksOf, service, change);
  }

  #reservedShare(): number {
    return Math.max(
      share(this.#reserved.nanoCpus, this.#capacity.nanoCpus),
      share(this.#reserved.memoryBytes, this.#capacity.memoryBytes),
    );
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part * 1000) / whole);
}

function count<Key>(counts: Map<Key, number>, key: Key, change: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

/**
 * Least loaded first: by reserved share, then by number of tasks, then by rank
 * so that no two are equal.
 */
export function byLoad(a: NodeLoad, b: NodeLoad): number {
  return a.share - b.share || a.tasks - b.tasks || a.rank - b.rank;
}

/** Fullest first, so that whole nodes stay free; the order of arrival stays the last word. */
export function byFullness(a: NodeLoad, b: NodeLoad): number {
  return b.share - a.share || b.tasks - a.tasks || a.rank - b.rank;
}
