/**
 * What one session has told its agent, and what it still has to: a complete set first, then
 * increments, numbered without a gap. Changes gather here as ids while the agent is slow; past a
 * bound they become a fresh complete set.
 */
import type { AssignmentSet } from "../../../shared/model/assignment.js";
import type { Fence } from "../../../shared/model/fence.js";
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import type { NodeNetworks } from "../../../shared/model/node-networks.js";
import type { Task } from "../../../shared/model/task.js";
import type { StoreView } from "../../store/core/view.js";
import { assignedTasks, belongsTo, CarriedTemplates } from "./assignments.js";

/** With more, the whole set is hardly larger than the changes. */
export const CHANGES_HELD_MAX = 10_000;

export class AssignmentSession {
  readonly #nodeId: NodeId;
  readonly #templates = new CarriedTemplates();
  readonly #changed = new Set<TaskId>();
  #owed: "complete" | "incremental" = "complete";
  #sequence = 0;
  /** What it was told of the networks last. */
  #networks: NodeNetworks | undefined;
  #areNetworksOwed = false;

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  taskChanged(taskId: TaskId): void {
    if (this.#owed === "complete") return;
    this.#changed.add(taskId);
    if (this.#changed.size > CHANGES_HELD_MAX) this.oweComplete();
  }

  /** They are not what it was told last. */
  networksChanged(): void {
    this.#areNetworksOwed = true;
  }

  /** The agent missed something, or too much has changed. */
  oweComplete(): void {
    this.#owed = "complete";
    this.#changed.clear();
    this.#templates.forget();
  }

  /** Whether `next` has something to say. */
  get owes(): boolean {
    return this.#owed === "complete" || this.#changed.size > 0 || this.#areNetworksOwed;
  }

  /**
   * Undefined where the agent knows everything. What is returned counts as sent.
   * @param networks the same object as long as there is nothing new to be told of them
   */
  next(view: StoreView, fence: Fence, networks?: NodeNetworks): AssignmentSet | undefined {
    if (!this.owes) return undefined;
    const { tasks, removed } =
      this.#owed === "complete"
        ? { tasks: assignedTasks(view, this.#nodeId), removed: [] }
        : this.#increment(view);
    const kind = this.#owed;
    const told = kind === "complete" || networks !== this.#networks ? networks : undefined;
    this.#networks = networks;
    this.#areNetworksOwed = false;
    this.#owed = "incremental";
    this.#changed.clear();
    this.#sequence += 1;
    const templates = this.#templates.missing(view, tasks);
    const sequence = this.#sequence;
    return { fence, kind, sequence, tasks, removed, templates, ...(told && { networks: told }) };
  }

  #increment(view: StoreView): { readonly tasks: Task[]; readonly removed: TaskId[] } {
    const tasks: Task[] = [];
    const removed: TaskId[] = [];
    for (const taskId of [...this.#changed].sort()) {
      const task = view.task(taskId);
      if (task !== undefined && belongsTo(task, this.#nodeId)) tasks.push(task);
      else removed.push(taskId);
    }
    return { tasks, removed };
  }
}
