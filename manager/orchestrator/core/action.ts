/**
 * What the orchestrator decides to do: the vocabulary between the planners, which propose, and the
 * shell, which carries out. Each action stands alone: it is checked again against the store when it
 * is carried out (`changes-of.ts`), so that a plan may be carried out in several commands.
 */
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import type { RebalanceProgress, UpdateProgress } from "../../../shared/model/service.js";
import type { SlotKey } from "./slot.js";

/** What a task is for: to run until it is stopped, or to its own end (jobs). */
export type Goal = "running" | "complete";

/** A task to be made; its id and its times come with the command that makes it. */
export interface NewTask {
  readonly slot: SlotKey;
  readonly revision: number;
  /** `ready` where it must wait: for its restart delay, or for its predecessor to stop. */
  readonly desired: "ready" | Goal;
  readonly restarts: Restarts;
  /** For the sake of an even spread: from a node, and to no other than that one. */
  readonly move?: { readonly from: NodeId; readonly to: NodeId };
}

/**
 * `now` counts this one against the restart policy's attempts; a replacement by the
 * cluster's own doing does not.
 */
export interface Restarts {
  readonly earlierMs: readonly number[];
  readonly counts: "now" | "not";
}

export const NO_RESTARTS: Restarts = { earlierMs: [], counts: "not" };

export type Action =
  /** Fills a slot in which no task is wanted. */
  | { readonly kind: "create-task"; readonly task: NewTask }
  /** In one command, so that no crash between leaves the slot empty or doubled. */
  | {
      readonly kind: "replace-task";
      readonly taskId: TaskId;
      /** `start-first` leaves the old task alone until the new one runs. */
      readonly order: "stop-first" | "start-first";
      readonly successor: NewTask;
    }
  /** The task's wait is over. */
  | { readonly kind: "start-task"; readonly taskId: TaskId; readonly goal: Goal }
  /** Stop, but remember: the slot stays held by what ran in it last. */
  | { readonly kind: "stop-task"; readonly taskId: TaskId }
  /** Stop, then forget. */
  | { readonly kind: "remove-task"; readonly taskId: TaskId }
  /** Nothing runs of it any more: out of the store. */
  | { readonly kind: "forget-task"; readonly taskId: TaskId }
  /** Says how the rolling update fares, unless the user has changed the service since `basis`. */
  | { readonly kind: "observe-update"; readonly basis: number; readonly update: UpdateProgress }
  /** Says how the rebalance fares, unless another has begun since the one of `basis`. */
  | {
      readonly kind: "observe-rebalance";
      /** When it began; absent: there was none. */
      readonly basis?: number;
      readonly rebalance: RebalanceProgress;
    }
  /** Goes back to what the service was before, for too many of the new tasks failed. */
  | { readonly kind: "roll-back"; readonly basis: number; readonly update: UpdateProgress };
