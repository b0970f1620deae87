/** What is foreseen for one service: the vocabulary between who foresees and who tells it. */
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import type { SlotKey } from "../../orchestrator/core/slot.js";

export const ACT_KINDS = [
  "create",
  "replace",
  "start",
  "stop",
  "place",
  "update",
  "rebalance",
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** One thing that happens to one slot, or (`update`, `rebalance`) to the service as a whole. */
export interface ForeseenAct {
  readonly kind: ActKind;
  /** Absent for what concerns the service as a whole. */
  readonly slot?: SlotKey;
  /** The task that is there, and is started, stopped, placed or replaced. */
  readonly taskId?: TaskId;
  /** The one that is made. */
  readonly newTaskId?: TaskId;
  readonly order?: "stop-first" | "start-first";
  readonly fromNodeId?: NodeId;
  readonly toNodeId?: NodeId;
  /** What the new task runs; where none is made, what the task there does. */
  readonly revision?: number;
  /** In a few words, or the update's own message. */
  readonly why: string;
}

export interface ForeseenStep {
  /** From now on, without the time that containers take to start and stop (ms). */
  readonly afterMs: number;
  /** `hosts`: tasks must first start, stop or end. */
  readonly awaits: "hosts" | "nothing";
  readonly acts: readonly ForeseenAct[];
}

/**
 * `rest`: nothing more will happen by itself. `waiting`: neither, but some tasks wait for something
 * that must come from outside. `more`: it goes on beyond what was looked at.
 */
export type Outlook = "rest" | "waiting" | "more";
