/**
 * The tasks of each slot, its history included. Most slots hold one task and none holds
 * more than the history limit and a few, so a slot is an id or a short array of them: there
 * are as many slots as tasks.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { Index } from "./table.js";

/** The slot of tasks for which the node stands (global services): not a slot, and not indexed. */
export const NO_SLOT = 0;

type Slot = TaskId | readonly TaskId[];

export class SlotIndex implements Index<TaskId, Task> {
  readonly #services = new Map<ServiceId, Map<number, Slot>>();

  /** Ordered by id. */
  list(serviceId: ServiceId, slot: number, get: (id: TaskId) => Task | undefined): readonly Task[] {
    return idsIn(this.#services.get(serviceId)?.get(slot))
      .map(get)
      .filter((task) => task !== undefined);
  }

  changed(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    // A task never changes its slot.
    if (before !== undefined && after === undefined) this.#leave(before, id);
    else if (before === undefined && after !== undefined) this.#join(after, id);
  }

  #join({ serviceId, slot }: Task, id: TaskId): void {
    if (slot === NO_SLOT) return;
    let slots = this.#services.get(serviceId);
    if (slots === undefined) {
      slots = new Map();
      this.#services.set(serviceId, slots);
    }
    const ids = slots.get(slot);
    slots.set(slot, ids === undefined ? id : [...idsIn(ids), id].sort());
  }

  #leave({ serviceId, slot }: Task, id: TaskId): void {
    const slots = this.#services.get(serviceId);
    const ids = idsIn(slots?.get(slot)).filter((other) => other !== id);
    if (ids.length > 0) slots?.set(slot, ids.length === 1 ? (ids[0] as TaskId) : ids);
    else if (slots?.delete(slot) === true && slots.size === 0) this.#services.delete(serviceId);
  }
}

function idsIn(slot: Slot | undefined): readonly TaskId[] {
  if (slot === undefined) return [];
  return typeof slot === "string" ? [slot] : slot;
}
