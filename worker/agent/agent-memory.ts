/**
 * What an agent must remember across its own death, and what it needs of whatever keeps it. The
 * real one is `TaskDb`; a simulation keeps it in memory, where its crashes are its own.
 */
import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { Fence } from "../../shared/model/fence.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { Task, TaskStatus } from "../../shared/model/task.js";

export interface StoredAssignments {
  readonly fence: Fence;
  /** `host:port` of every manager last heard of. */
  readonly managers: readonly string[];
  readonly tasks: readonly Task[];
  readonly templates: readonly TaskTemplate[];
}

export interface StoredStatus {
  readonly taskId: TaskId;
  readonly status: TaskStatus;
  /** `pending`: no manager has said yet that it is stored. */
  readonly delivery: "pending" | "stored";
}

export interface Remembered {
  readonly assignments: StoredAssignments;
  readonly statuses: readonly StoredStatus[];
  /** `none`: nothing was found, so anything may be running here. */
  readonly memory: "kept" | "none";
}

export interface AgentMemory {
  read(): Promise<Remembered>;
  /** Resolves once it would survive a power failure. */
  saveAssignments(assignments: StoredAssignments): Promise<void>;
  /** Writes what `statuses` returns then, soon; calls that come before become one write. */
  saveStatuses(statuses: () => readonly StoredStatus[]): void;
  /** Resolves when everything that was given has been written. */
  flush(): Promise<void>;
  /** The node has left: nothing of the old cluster may be obeyed or reported again. */
  clear(): Promise<void>;
}
