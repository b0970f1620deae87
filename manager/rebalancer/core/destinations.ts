/**
 * Which nodes a task may move to: those that the scheduler would give it to, asked of the
 * scheduler's own filters. The scheduler has the last word, as it has for every task; what it
 * refuses is not tried again.
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type Demand, demandOf } from "../../scheduler/core/demand.js";
import { classAccepts, nodeAccepts } from "../../scheduler/core/filters.js";
import { NodeLoad } from "../../scheduler/core/node-load.js";
import type { StoreView } from "../../store/core/view.js";

export class Destinations {
  readonly #view: StoreView;
  readonly #serviceId: ServiceId;
  readonly #demand: Demand | undefined;
  readonly #demands = new Map<string, Demand | undefined>();
  readonly #loads = new Map<NodeId, NodeLoad>();

  /** For tasks of one revision of the service. */
  constructor(view: StoreView, serviceId: ServiceId, revision: number) {
    this.#view = view;
    this.#serviceId = serviceId;
    this.#demand = this.#demandOf(serviceId, revision);
  }

  /** Labels over whose values the tasks are spread, the outermost first. */
  get spreadOver(): readonly string[] {
    return this.#demand?.spreadOver ?? [];
  }

  accepts(node: Node): boolean {
    const demand = this.#demand;
    if (demand === undefined) return false;
    const load = this.#loadOf(node);
    return (
      classAccepts(load, demand, this.#serviceId) && nodeAccepts(load, demand, this.#serviceId)
    );
  }

  /** Tasks of any service that the cluster wants on the node. */
  tasksOn(node: Node): number {
    return this.#loadOf(node).tasks;
  }

  /** A task will come to the node. */
  take(node: Node): void {
    if (this.#demand === undefined) return;
    const load = this.#loadOf(node);
    load.hold(this.#demand, load.chooseGenerics(this.#demand.generics));
    load.countTask(this.#serviceId, 1);
  }

  #loadOf(node: Node): NodeLoad {
    const known = this.#loads.get(node.id);
    if (known !== undefined) return known;
    const load = new NodeLoad(node, 0);
    for (const task of this.#view.tasksOfNode(node.id)) this.#count(load, task);
    this.#loads.set(node.id, load);
    return load;
  }

  /** One that is on its way to the node has as good as arrived. */
  #count(load: NodeLoad, task: Task): void {
    if (isTerminal(task.status.state)) return;
    const demand = this.#demandOf(task.serviceId, task.revision);
    if (demand !== undefined) load.hold(demand, task.generics);
    if (isWanted(task.desired)) load.countTask(task.serviceId, 1);
  }

  #demandOf(serviceId: ServiceId, number: number): Demand | undefined {
    const key = `${serviceId}/${number}`;
    if (!this.#demands.has(key)) {
      const revision = this.#view.revision(serviceId, number);
      this.#demands.set(key, revision && demandOf(revision));
    }
    return this.#demands.get(key);
  }
}
