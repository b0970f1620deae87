/**
 * The global mode: a task on every node that may run it. The node is the slot, so nothing moves:
 * a node that comes is filled, one that is drained or fits the constraints no more is emptied, and
 * one that cannot be reached keeps what it has, as nobody else could run it instead.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Action } from "./action.js";
import type { Division } from "./division.js";
import type { Situation } from "./situation.js";
import type { Slot } from "./slot.js";

/**
 * `open`: runs what it should. `resting`: keeps what it has and gets nothing new (paused, or its
 * agent is away for a moment). `silent`: it is down, and may run what it has. `barred`: it is to
 * run nothing of this service. `gone`: no node of the cluster any more.
 */
type Standing = "open" | "resting" | "silent" | "barred" | "gone";

/** @param slots all slots of the service */
export function divideGlobal(
  nodes: readonly Node[],
  slots: readonly Slot[],
  situation: Situation,
): Division {
  const standings = new Map(nodes.map((node) => [node.id, standingOf(node, situation)]));
  const standingAt = ({ key }: Slot): Standing => standings.get(key as NodeId) ?? "gone";
  const held = slots.filter((slot) => isHeldByNode(slot, situation));
  const filled = new Set(held.map((slot) => slot.key));
  const kept = held.filter((slot) => ["open", "resting"].includes(standingAt(slot)));
  return {
    slots,
    vacant: nodes
      .filter(({ id }) => standings.get(id) === "open" && !filled.has(id))
      .map(({ id }) => id),
    kept,
    renewable: kept.filter((slot) => standingAt(slot) === "open"),
    actions: slots.flatMap((slot) => clear(slot, standingAt(slot), situation)),
  };
}

function standingOf(node: Node, situation: Situation): Standing {
  if (node.status.state === "down") return "silent";
  const availability = nodeAvailability(node);
  if (availability === "drain" || !situation.acceptsNode(node)) return "barred";
  return availability === "active" && node.status.state === "ready" ? "open" : "resting";
}

/**
 * A task is wanted here, or the last one ended by itself and its policy says no to another. One
 * that was stopped because its node was drained holds nothing: the node may come back.
 */
function isHeldByNode(slot: Slot, situation: Situation): boolean {
  if (slot.wanted.length > 0) return true;
  const last = slot.past.at(-1);
  return last !== undefined && endedForGood(last, situation);
}

function endedForGood(task: Task, situation: Situation): boolean {
  const { state } = task.status;
  if (state !== "complete" && state !== "failed" && state !== "rejected") return false;
  // Judged as of its end: attempts do not come back once a window has passed.
  return situation.sequelOf(task, task.updatedAtMs).kind === "finish";
}

function clear(slot: Slot, standing: Standing, situation: Situation): Action[] {
  switch (standing) {
    case "open":
    case "resting":
      return [];
    case "silent":
      // What never came there need not wait for it.
      return slot.wanted
        .filter((task) => !isPlaced(task) && !isTerminal(task.status.state))
        .map(stop);
    case "barred":
      return slot.wanted.filter((task) => !situation.isDone(task)).map(stop);
    case "gone":
      return [...slot.wanted, ...slot.past].map(({ id }) => ({ kind: "remove-task", taskId: id }));
  }
}

function stop({ id }: Task): Action {
  return { kind: "stop-task", taskId: id };
}
