/** How a rebalance stands, in the words that its user sees. */
import type { NodeId } from "../../../shared/model/ids.js";
import type { RebalanceProgress } from "../../../shared/model/service.js";

export function startedRebalance(by: RebalanceProgress["by"], atMs: number): RebalanceProgress {
  const message = "rebalance in progress";
  return { state: "rebalancing", by, message, startedAtMs: atMs, moved: 0, avoided: [] };
}

export interface RebalanceStep {
  readonly moved: number;
  readonly avoided: readonly NodeId[];
  readonly isOver: boolean;
  /** Wall clock of the command. */
  readonly atMs: number;
}

/** @returns the same where nothing has happened */
export function progressAfter(
  before: RebalanceProgress,
  { moved, avoided, isOver, atMs }: RebalanceStep,
): RebalanceProgress {
  if (isOver) {
    const message = outcome(moved, avoided.length);
    return { ...before, state: "completed", message, completedAtMs: atMs, moved, avoided };
  }
  const isSame = moved === before.moved && avoided.length === before.avoided.length;
  return isSame ? before : { ...before, moved, avoided };
}

function outcome(moved: number, avoided: number): string {
  if (moved === 0 && avoided === 0) {
    return "nothing to move: tasks are spread as evenly as their nodes allow";
  }
  const done = moved === 0 ? "no task moved" : `${counted(moved, "task")} moved`;
  return avoided === 0 ? done : `${done}; none came up on ${counted(avoided, "node")}`;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
