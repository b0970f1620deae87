/**
 * The tasks of each slot, its history included. Most slots hold one task and none holds more than the
 * history limit and a few, so a slot is the task itself or a short array: there are as many slots as tasks.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { Index } from "./table.js";

/** The slot of tasks for which the node stands (global services): not a slot, and not indexed. */
export const NO_SLOT = 0;

type Slot = Task | readonly Task[];

export class SlotIndex implements Index<TaskId, Task> {
  readonly #services = new Map<ServiceId, Map<number, Slot>>();

  /** Ordered by id. */
  list(serviceId: ServiceId, slot: number): readonly Task[] {
    return tasksIn(this.#services.get(serviceId)?.get(slot));
  }

  changed(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    const task = after ?? before;
    if (task === undefined || task.slot === NO_SLOT) return;
    let slots = this.#services.get(task.serviceId);
    if (slots === undefined) {
      slots = new Map();
      this.#services.set(task.serviceId, slots);
    }
    const slot = replaceTask(slots.get(task.slot), id, after);
    if (slot !== undefined) slots.set(task.slot, slot);
    else if (slots.delete(task.slot) && slots.size === 0) this.#services.delete(task.serviceId);
  }
}

function tasksIn(slot: Slot | undefined): readonly Task[] {
  if (slot === undefined) return [];
  return isTask(slot) ? [slot] : slot;
}

function replaceTask(
  slot: Slot | undefined,
  id: TaskId,
  after: Task | undefined,
): Slot | undefined {
  if (slot === undefined || (isTask(slot) && slot.id === id)) return after;
  const others = tasksIn(slot).filter((task) => task.id !== id);
  const tasks =
    after === undefined ? others : [...others, after].sort((a, b) => (a.id < b.id ? -1 : 1));
  return tasks.length === 1 ? tasks[0] : tasks;
}

function isTask(slot: Slot): slot is Task {
  return !Array.isArray(slot);
}
