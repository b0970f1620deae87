/** The speculative forms of tables: rows with listings, and the tasks with their indexes. */
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import { Layer, type Version } from "./layer.js";
import { LayerGroup } from "./layer-group.js";
import { type Identified, mergeById } from "./listing.js";
import type { Rows } from "./table.js";
import { nodeOf, serviceOf, stateOf, type TaskRows, type TaskTable } from "./task-table.js";

export class LayerTable<Id extends string, T extends Identified<Id>> implements Rows<Id, T> {
  readonly layer: Layer<Id, T>;
  readonly #base: Rows<Id, T>;
  readonly #writer: () => number;
  #sizeChange = 0;

  constructor(
    base: Rows<Id, T>,
    writer: () => number,
    onChain?: (id: Id, before: Version<T> | undefined, after: Version<T> | undefined) => void,
  ) {
    this.#base = base;
    this.#writer = writer;
    this.layer = new Layer((id, before, after) => {
      this.#sizeChange += growth(after) - growth(before);
      onChain?.(id, before, after);
    });
  }

  get size(): number {
    return this.#base.size + this.#sizeChange;
  }

  get(id: Id): T | undefined {
    const chain = this.layer.chains.get(id);
    return chain === undefined ? this.#base.get(id) : chain.value;
  }

  all(): readonly T[] {
    const { chains } = this.layer;
    if (chains.size === 0) return this.#base.all();
    return mergeById(this.#base.all(), chains.keys(), (id) => chains.get(id)?.value);
  }

  put(id: Id, before: T | undefined, after: T | undefined): void {
    this.layer.write(id, before, after, this.#writer());
  }
}

/** How many rows more than the committed table a chain stands for. */
function growth<T>(chain: Version<T> | undefined): number {
  if (chain === undefined) return 0;
  let end = chain;
  while (end.prior !== undefined) end = end.prior;
  return presence(chain) - presence(end);
}

function presence<T>(version: Version<T>): number {
  return version.value === undefined ? 0 : 1;
}

export class LayerTaskTable implements TaskRows {
  readonly #base: TaskTable;
  readonly #rows: LayerTable<TaskId, Task>;
  readonly #groups: readonly LayerGroup<TaskId, Task>[];
  readonly #byService: LayerGroup<TaskId, Task>;
  readonly #byNode: LayerGroup<TaskId, Task>;
  readonly #byState: LayerGroup<TaskId, Task>;
  readonly #bySlot: LayerGroup<TaskId, Task>;

  constructor(base: TaskTable, writer: () => number) {
    this.#base = base;
    this.#rows = new LayerTable<TaskId, Task>(base, writer, (id, before, after) => {
      for (const group of this.#groups) group.chainChanged(id, before, after);
    });
    const { chains } = this.#rows.layer;
    this.#byService = new LayerGroup(chains, serviceOf);
    this.#byNode = new LayerGroup(chains, nodeOf);
    this.#byState = new LayerGroup(chains, stateOf);
    this.#bySlot = new LayerGroup(chains, (task) => slotKey(task.serviceId, task.slot));
    this.#groups = [this.#byService, this.#byNode, this.#byState, this.#bySlot];
  }

  get layer(): Layer<TaskId, Task> {
    return this.#rows.layer;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: TaskId): Task | undefined {
    return this.#rows.get(id);
  }

  all(): readonly Task[] {
    return this.#rows.all();
  }

  put(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    this.#rows.put(id, before, after);
  }

  ofService(id: ServiceId): readonly Task[] {
    return this.#byService.over(id, this.#base.ofService(id));
  }

  visitService(id: ServiceId, visit: (task: Task) => void): void {
    this.ofService(id).forEach(visit);
  }

  ofSlot(id: ServiceId, slot: number): readonly Task[] {
    return this.#bySlot.over(slotKey(id, slot), this.#base.ofSlot(id, slot));
  }

  ofNode(id: NodeId): readonly Task[] {
    return this.#byNode.over(id, this.#base.ofNode(id));
  }

  inState(state: ObservedState): readonly Task[] {
    return this.#byState.over(state, this.#base.inState(state));
  }

  anyOfService(id: ServiceId): boolean {
    const touched = this.#byService.touched(id);
    // Each touched task hides at most one committed one: more committed ones than
    // that cannot all be hidden.
    if (this.#base.countOfService(id) > touched.size) return true;
    for (const taskId of touched) if (this.get(taskId)?.serviceId === id) return true;
    for (const taskId of this.#base.idsOfService(id)) if (!touched.has(taskId)) return true;
    return false;
  }
}

function slotKey(id: ServiceId, slot: number): string {
  return `${id}/${slot}`;
}
