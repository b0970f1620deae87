/**
 * Which events make the orchestrator look at a service again. Most of what happens to a task on its
 * way to running changes nothing that a plan is made from; looking each time would cost a large
 * service one reading of all its tasks per report.
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { changesFooting } from "./node-changes.js";
import { slotKey, tasksOfSlot } from "./slot.js";

/** What to look at again. */
export interface Concerned {
  readonly services: readonly ServiceId[];
  /** Nodes whose tasks' footing may have changed, or that may be given others. */
  readonly nodes: readonly NodeId[];
}

const NOBODY: Concerned = { services: [], nodes: [] };

/** @param isUpdating whether an update or a rebalance of the service waits for tasks to run */
export function concernedBy(
  event: StoreEvent,
  view: StoreView,
  isUpdating: (serviceId: ServiceId) => boolean,
): Concerned {
  switch (event.type) {
    case "service": {
      const service = event.after ?? event.before;
      return service === undefined ? NOBODY : { services: [service.id], nodes: [] };
    }
    case "task":
      return taskEvent(event.before, event.after, view, isUpdating);
    case "node":
      return nodeEvent(event.before, event.after);
    case "cluster":
      return event.before?.spec === event.after?.spec ? NOBODY : everybody(view);
    case "revision":
    case "network":
    case "attachment":
      return NOBODY;
  }
}

export function everybody(view: StoreView): Concerned {
  const living = view.services().map((service) => service.id);
  return {
    services: [...new Set([...living, ...view.servicesWithTasks()])],
    nodes: view.nodes().map((node) => node.id),
  };
}

function taskEvent(
  before: Task | undefined,
  after: Task | undefined,
  view: StoreView,
  isUpdating: (serviceId: ServiceId) => boolean,
): Concerned {
  if (after === undefined) {
    // The last task of a removed service takes the service's revisions with it.
    return before === undefined ? NOBODY : { services: [before.serviceId], nodes: [] };
  }
  const { state } = after.status;
  const matters =
    before === undefined
      ? after.desired === "ready" // its wait begins
      : before.desired !== after.desired ||
        (isTerminal(state) && !isTerminal(before.status.state)) ||
        (state === "running" &&
          before.status.state !== state &&
          (isUpdating(after.serviceId) || hasPredecessor(after, view))) ||
        wasRefused(before, after) ||
        placedOnUnfit(before, after, view);
  return matters ? { services: [after.serviceId], nodes: [] } : NOBODY;
}

function nodeEvent(before: Node | undefined, after: Node | undefined): Concerned {
  const node = after ?? before;
  if (node === undefined) return NOBODY;
  const matters = before === undefined || after === undefined || changesFooting(before, after);
  return matters ? { services: [], nodes: [node.id] } : NOBODY;
}

/** It replaces another start-first, which can go now. */
function hasPredecessor(task: Task, view: StoreView): boolean {
  const others = tasksOfSlot(view, task.serviceId, slotKey(task));
  return others.filter(({ desired }) => isWanted(desired)).length > 1;
}

/** It was to move to a node, and cannot. */
function wasRefused(before: Task, after: Task): boolean {
  return after.relieves !== undefined && after.status.error !== before.status.error;
}

/**
 * Tasks that were placed on the strength of what the node was before: they must be looked at, too.
 */
function placedOnUnfit(before: Task | undefined, after: Task, view: StoreView): boolean {
  if (!isPlaced(after) || (before !== undefined && isPlaced(before))) return false;
  const node = after.nodeId && view.node(after.nodeId);
  return !node || node.status.state !== "ready" || nodeAvailability(node) !== "active";
}
