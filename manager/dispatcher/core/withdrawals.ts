/**
 * Tasks that are to stop and still have connections led to them. Each order to stop is held until
 * the nodes that lead to the task have left it out, or until it has been held long enough: a
 * connection made in between would be refused.
 */
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "../../store/core/change.js";
import { isReached, isServing } from "./service-reach.js";

/** DESIGN section 3, step 7: a node that does not answer holds nobody up for longer. */
export const WITHDRAWN_WITHIN_MS = 1_000;

interface Group {
  /** Who has applied what the store said then, or later, has left these tasks out. */
  readonly sequence: number;
  readonly taskIds: readonly TaskId[];
  readonly awaited: Set<NodeId>;
  readonly dueMs: number;
}

/** The task that has to be withdrawn because of this, if any. */
export function withdrawnTask(event: StoreEvent): TaskId | undefined {
  if (event.type !== "task") return undefined;
  const { before, after } = event;
  if (before === undefined || after === undefined) return undefined;
  const isToStop = !isWanted(after.desired) && !isTerminal(after.status.state);
  return isReached(before) && isServing(before) && isToStop ? after.id : undefined;
}

/** Every method that returns tasks returns those that may be stopped now. */
export class Withdrawals {
  /** It is not known yet who leads to them. */
  readonly #begun = new Set<TaskId>();
  readonly #held = new Set<TaskId>();
  /** At most one for each change of the networks within the time that it may be held. */
  readonly #groups = new Set<Group>();

  get isIdle(): boolean {
    return this.#held.size === 0;
  }

  begin(taskId: TaskId): void {
    this.#begun.add(taskId);
    this.#held.add(taskId);
  }

  holds(taskId: TaskId): boolean {
    return this.#held.has(taskId);
  }

  /** What has begun is known to be left out in what these nodes are to hear. */
  settled(sequence: number, nodeIds: Iterable<NodeId>, nowMs: number): readonly TaskId[] {
    const taskIds = [...this.#begun];
    this.#begun.clear();
    if (taskIds.length === 0) return [];
    const dueMs = nowMs + WITHDRAWN_WITHIN_MS;
    this.#groups.add({ sequence, taskIds, awaited: new Set(nodeIds), dueMs });
    return this.#release(({ awaited }) => awaited.size === 0);
  }

  /** The node leads connections as the store said at `sequence`. */
  applied(nodeId: NodeId, sequence: number): readonly TaskId[] {
    for (const group of this.#groups) if (group.sequence <= sequence) group.awaited.delete(nodeId);
    return this.#release(({ awaited }) => awaited.size === 0);
  }

  /** It is not there any more to be waited for. */
  left(nodeId: NodeId): readonly TaskId[] {
    for (const { awaited } of this.#groups) awaited.delete(nodeId);
    return this.#release(({ awaited }) => awaited.size === 0);
  }

  /** @returns also who has kept them waiting */
  overdue(nowMs: number): {
    readonly taskIds: readonly TaskId[];
    readonly late: readonly NodeId[];
  } {
    const isDue = ({ dueMs }: Group): boolean => dueMs <= nowMs;
    const late = [...this.#groups].filter(isDue).flatMap(({ awaited }) => [...awaited]);
    return { taskIds: this.#release(isDue), late: [...new Set(late)] };
  }

  #release(isOver: (group: Group) => boolean): readonly TaskId[] {
    const over = [...this.#groups].filter(isOver);
    const taskIds = over.flatMap((group) => group.taskIds);
    for (const group of over) this.#groups.delete(group);
    for (const taskId of taskIds) this.#held.delete(taskId);
    return taskIds;
  }
}
