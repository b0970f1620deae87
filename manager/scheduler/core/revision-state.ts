/**
 * One revision as the scheduler sees it: what its tasks ask for, and which of them wait for a node.
 * Most revisions that are kept have no task any more, so all of it is made when it is first needed.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Task } from "../../../shared/model/task.js";
import { type Demand, demandOf } from "./demand.js";
import { FailureLog } from "./failure-log.js";
import type { TaskKind } from "./task-kind.js";

export class RevisionState {
  readonly revision: Revision;
  /** Worked out when its first task is placed. */
  kind: TaskKind | undefined;
  #demand: Demand | undefined;
  #waiting: Map<TaskId, Task> | undefined;
  #bound: Map<TaskId, Task> | undefined;
  #failures: FailureLog | undefined;

  constructor(revision: Revision) {
    this.revision = revision;
  }

  get serviceId(): ServiceId {
    return this.revision.serviceId;
  }

  get number(): number {
    return this.revision.number;
  }

  get demand(): Demand {
    return (this.#demand ??= demandOf(this.revision));
  }

  /** Any node will do that its filters accept. */
  get waiting(): Map<TaskId, Task> {
    return (this.#waiting ??= new Map());
  }

  /** Each names the one node that it is for: that of a global service, or that it moves to. */
  get bound(): Map<TaskId, Task> {
    return (this.#bound ??= new Map());
  }

  get failures(): FailureLog {
    return (this.#failures ??= new FailureLog());
  }

  get waitingCount(): number {
    return (this.#waiting?.size ?? 0) + (this.#bound?.size ?? 0);
  }

  /** @returns whether the task had been waiting */
  waitNoMore(taskId: TaskId): boolean {
    return (this.#waiting?.delete(taskId) ?? false) || (this.#bound?.delete(taskId) ?? false);
  }
}
