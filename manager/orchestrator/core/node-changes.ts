/**
 * What becomes of a task when its node changes. The host may be lost (down, or removed from the
 * cluster); it may be meant to run nothing (drain), or not this (a label or its role changed, and a
 * constraint that held when the task was placed holds no more). A paused node keeps what it has.
 */
import type { Constraint } from "../../../shared/model/constraint.js";
import { matchesNode } from "../../../shared/model/constraint.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";

/**
 * `firm`: the task may stay. `leaving`: it must go, and its host can be asked to stop it. `lost`:
 * its host cannot be asked, it may run on behind a cut; what replaces it does not wait.
 */
export type Footing = "firm" | "leaving" | "lost";

/** @param node the task's node as the store has it; undefined where it was removed */
export function footingOf(
  task: Task,
  node: Node | undefined,
  constraints: readonly Constraint[],
): Footing {
  if (!isPlaced(task)) return "firm"; // not placed yet: the scheduler looks at nodes
  if (node === undefined || node.status.state === "down") return "lost";
  switch (nodeAvailability(node)) {
    case "drain":
      return "leaving";
    case "pause":
      return "firm";
    case "active":
      return matchesNode(constraints, node) ? "firm" : "leaving";
  }
}

/** Whether a change of a node can change the footing of its tasks, or what it may be given. */
export function changesFooting(before: Node, after: Node): boolean {
  return (
    before.status.state !== after.status.state ||
    before.spec !== after.spec ||
    before.description !== after.description ||
    before.status.address !== after.status.address
  );
}
