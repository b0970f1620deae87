/** The tasks with their indexes: by service, by slot, by node and by observed state. */
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import { GroupIndex } from "./group-index.js";
import { SlotIndex } from "./slot-index.js";
import { type Rows, Table } from "./table.js";

/**
 * `TaskTable` is the committed one, `LayerTaskTable` the speculative one.
 * Lists are ordered by id.
 */
export interface TaskRows extends Rows<TaskId, Task> {
  ofService(id: ServiceId): readonly Task[];
  /** In no order. */
  visitService(id: ServiceId, visit: (task: Task) => void): void;
  ofSlot(id: ServiceId, slot: number): readonly Task[];
  ofNode(id: NodeId): readonly Task[];
  inState(state: ObservedState): readonly Task[];
  anyOfService(id: ServiceId): boolean;
}

export const serviceOf = (task: Task): ServiceId => task.serviceId;
export const nodeOf = (task: Task): NodeId | undefined => task.nodeId;
export const stateOf = (task: Task): ObservedState => task.status.state;

export class TaskTable implements TaskRows {
  readonly #byService = new GroupIndex<TaskId, Task, ServiceId>(serviceOf);
  readonly #byNode = new GroupIndex<TaskId, Task, NodeId>(nodeOf);
  readonly #byState = new GroupIndex<TaskId, Task, ObservedState>(stateOf);
  readonly #bySlot = new SlotIndex();
  readonly #table = new Table<TaskId, Task>([
    this.#byService,
    this.#byNode,
    this.#byState,
    this.#bySlot,
  ]);
  readonly #get = (id: TaskId): Task | undefined => this.#table.get(id);

  get size(): number {
    return this.#table.size;
  }

  get(id: TaskId): Task | undefined {
    return this.#table.get(id);
  }

  all(): readonly Task[] {
    return this.#table.all();
  }

  /** In no order. */
  values(): IterableIterator<Task> {
    return this.#table.values();
  }

  put(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    this.#table.put(id, before, after);
  }

  ofService(id: ServiceId): readonly Task[] {
    return this.#byService.list(id, this.#get);
  }

  visitService(id: ServiceId, visit: (task: Task) => void): void {
    for (const taskId of this.#byService.ids(id)) {
      const task = this.#table.get(taskId);
      if (task !== undefined) visit(task);
    }
  }

  ofSlot(id: ServiceId, slot: number): readonly Task[] {
    return this.#bySlot.list(id, slot, this.#get);
  }

  ofNode(id: NodeId): readonly Task[] {
    return this.#byNode.list(id, this.#get);
  }

  inState(state: ObservedState): readonly Task[] {
    return this.#byState.list(state, this.#get);
  }

  anyOfService(id: ServiceId): boolean {
    return this.countOfService(id) > 0;
  }

  countOfService(id: ServiceId): number {
    return this.#byService.size(id);
  }

  /** In no order. */
  idsOfService(id: ServiceId): Iterable<TaskId> {
    return this.#byService.ids(id);
  }
}
