/**
 * What has become of moves that were begun. A move is a slot in which a task that relieves another
 * node comes up beside the one that runs. It is given up where the newcomer does not come up, or
 * where the spread would not be better any more: the old task never noticed.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import type { Slot } from "../../orchestrator/core/slot.js";
import type { Spread } from "./spread.js";

export type MoveState =
  | { readonly kind: "none" }
  | { readonly kind: "coming" }
  /** The old task can go. */
  | { readonly kind: "arrived" }
  | {
      readonly kind: "given-up";
      readonly newcomer: Task;
      /** Where it could not go; absent where it was only needed no more. */
      readonly avoid?: NodeId;
    };

/** @param spread counts the slot at its newcomer's node; where the move is given up, at its old one's */
export function moveState(slot: Slot, situation: Situation, spread: Spread): MoveState {
  const [old, newcomer, ...more] = slot.wanted;
  if (old === undefined || newcomer?.relieves === undefined || more.length > 0) {
    return { kind: "none" };
  }
  if (newcomer.status.state === "running") return { kind: "arrived" };
  // Without the old one the newcomer is the slot's only task: it is repaired like any other.
  if (isTerminal(old.status.state) || situation.footingOf(old) !== "firm") return { kind: "none" };
  if (!situation.isCurrent(newcomer)) return { kind: "none" };
  const from = placeOf(old, situation);
  const to = placeOf(newcomer, situation);
  if (to !== undefined) spread.count(to, -1);
  if (from !== undefined) spread.count(from, 1);
  if (hasFailed(newcomer, situation)) {
    const { nodeId } = newcomer;
    return { kind: "given-up", newcomer, ...(nodeId !== undefined && { avoid: nodeId }) };
  }
  if (from === undefined || to === undefined || spread.gain(from, to) === undefined) {
    return { kind: "given-up", newcomer };
  }
  spread.count(from, -1);
  spread.count(to, 1);
  return { kind: "coming" };
}

/** The node on which the task runs or will run, as far as anybody can tell. */
export function placeOf(task: Task, { view }: Situation): Node | undefined {
  if (task.nodeId === undefined || isTerminal(task.status.state)) return undefined;
  const node = view.node(task.nodeId);
  return node?.status.state === "down" ? undefined : node;
}

/** It ended, its node is no place for it any more, or nobody gives it that node. */
function hasFailed(newcomer: Task, situation: Situation): boolean {
  if (isTerminal(newcomer.status.state)) return true;
  if (isPlaced(newcomer)) return situation.footingOf(newcomer) !== "firm";
  const node = newcomer.nodeId && situation.view.node(newcomer.nodeId);
  return !node || newcomer.status.error !== undefined;
}
