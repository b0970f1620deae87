/**
 * The newest status of every task here, and which of them the managers have yet to store.
 * Older statuses of a task are dropped where a newer one is there: of two observations the
 * later state is the truer one.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { TaskStatus } from "../../shared/model/task.js";
import { observedRank } from "../../shared/model/task-state.js";
import type { TaskStatusUpdate } from "../../shared/rpc/dispatcher-messages.js";
import type { StoredStatus } from "./agent-memory.js";

/** One message's worth: about 200 kB. */
const BATCH_LIMIT = 1000;

export interface StatusBatch {
  readonly batch: number;
  readonly updates: readonly TaskStatusUpdate[];
}

export class StatusBook {
  readonly #current = new Map<TaskId, TaskStatus>();
  readonly #pending = new Set<TaskId>();
  readonly #onChange: () => void;
  #batches = 0;
  #sent: StatusBatch | undefined;

  /** @param onChange called after every change that should be written or sent. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  restore(statuses: readonly StoredStatus[]): void {
    for (const { taskId, status, delivery } of statuses) {
      this.#current.set(taskId, status);
      if (delivery === "pending") this.#pending.add(taskId);
    }
  }

  /** The task as a manager knows it; where we know more, the manager will hear of it again. */
  learn(taskId: TaskId, status: TaskStatus): void {
    const known = this.#current.get(taskId);
    if (known === undefined || observedRank(known.state) < observedRank(status.state)) {
      this.#current.set(taskId, status);
      this.#pending.delete(taskId);
    } else if (observedRank(known.state) > observedRank(status.state)) {
      this.#pending.add(taskId);
    }
    this.#onChange();
  }

  report(taskId: TaskId, status: TaskStatus): void {
    this.#current.set(taskId, status);
    this.#pending.add(taskId);
    this.#onChange();
  }

  current(taskId: TaskId): TaskStatus | undefined {
    return this.#current.get(taskId);
  }

  /** The task is no longer assigned here: nobody waits for word of it. */
  forget(taskId: TaskId): void {
    this.#current.delete(taskId);
    this.#pending.delete(taskId);
    this.#onChange();
  }

  /** What to send now; undefined while nothing is new, or the batch before is not stored yet. */
  takeBatch(): StatusBatch | undefined {
    if (this.#sent !== undefined || this.#pending.size === 0) return undefined;
    const updates: TaskStatusUpdate[] = [];
    for (const taskId of this.#pending) {
      const status = this.#current.get(taskId);
      if (status !== undefined) updates.push({ taskId, status });
      if (updates.length === BATCH_LIMIT) break;
    }
    this.#sent = { batch: ++this.#batches, updates };
    return this.#sent;
  }

  /** The managers have committed a batch. What was reported since it was sent stays pending. */
  stored(batch: number): void {
    if (this.#sent?.batch !== batch) return;
    for (const { taskId, status } of this.#sent.updates) {
      if (this.#current.get(taskId) === status) this.#pending.delete(taskId);
    }
    this.#sent = undefined;
    this.#onChange();
  }

  /** The session ended: whether its last batch was stored is unknown, so it is sent again. */
  unsend(): void {
    this.#sent = undefined;
  }

  toStored(): StoredStatus[] {
    return [...this.#current].map(([taskId, status]) => {
      return { taskId, status, delivery: this.#pending.has(taskId) ? "pending" : "stored" };
    });
  }
}
