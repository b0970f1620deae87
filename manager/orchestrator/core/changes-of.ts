/**
 * From actions to changes of the store. A plan may be carried out in several commands, with others'
 * commands between them: each action is checked against the present view, and one that no longer
 * fits is left out. What it was for is planned anew.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Service, UpdateProgress } from "../../../shared/model/service.js";
import { isPlaced, type Task, type TaskStatus } from "../../../shared/model/task.js";
import {
  desiredRank,
  type DesiredState,
  isTerminal,
  isWanted,
} from "../../../shared/model/task-state.js";
import { needsAddresses } from "../../allocator/core/allocate.js";
import type { Change } from "../../store/core/change.js";
import { NO_SLOT } from "../../store/core/slot-index.js";
import type { StoreView } from "../../store/core/view.js";
import { revisionLike } from "../../updater/core/roll-back.js";
import type { Action, NewTask } from "./action.js";
import { isOver, type SlotKey, slotKey, tasksOfSlot } from "./slot.js";

export interface CommandContext {
  readonly serviceId: ServiceId;
  /** Wall clock of the command (ms). */
  readonly atMs: number;
  readonly newTaskId: () => TaskId;
}

/** @returns nothing where the action does not fit the view any more */
export function changesOf(view: StoreView, action: Action, context: CommandContext): Change[] {
  const { serviceId } = context;
  switch (action.kind) {
    case "create-task":
      if (wantedIn(view, serviceId, action.task.slot).length > 0) return [];
      if (!isThere(view, action.task.slot)) return [];
      return [create(view, action.task, context)];
    case "replace-task": {
      const old = view.task(action.taskId);
      if (old === undefined || !isWanted(old.desired)) return [];
      if (!isThere(view, action.successor.move?.to ?? action.successor.slot)) return [];
      const made = create(view, action.successor, context);
      if (action.order === "stop-first") return [dismiss(old, "shutdown"), made];
      return wantedIn(view, serviceId, slotKey(old)).length === 1 ? [made] : [];
    }
    case "start-task":
      return advance(view.task(action.taskId), action.goal, want);
    case "stop-task":
      return advance(view.task(action.taskId), "shutdown", dismiss);
    case "remove-task":
      return advance(view.task(action.taskId), "remove", dismiss);
    case "forget-task":
      return forget(view.task(action.taskId));
    case "observe-rebalance": {
      const { kind, basis, rebalance } = action;
      if (view.service(serviceId)?.rebalance?.startedAtMs !== basis) return [];
      return view.service(serviceId) === undefined ? [] : [{ kind, serviceId, rebalance }];
    }
    case "observe-update":
    case "roll-back": {
      const service = view.service(serviceId);
      return service?.version === action.basis ? ofService(view, service, action, context) : [];
    }
  }
}

function ofService(
  view: StoreView,
  service: Service,
  { kind, update, basis }: Extract<Action, { readonly update: UpdateProgress }>,
  { atMs }: CommandContext,
): Change[] {
  const { id: serviceId, previous } = service;
  if (kind === "observe-update") return [{ kind, serviceId, expectedVersion: basis, update }];
  if (previous === undefined) return [];
  return [
    {
      kind: "update-service",
      serviceId,
      expectedVersion: basis,
      frame: previous.frame,
      ...revisionLike(view, service, previous.revision, { createdAtMs: atMs }),
      update,
    },
  ];
}

/** A node that stands for a slot may have left the cluster. */
function isThere(view: StoreView, slot: SlotKey): boolean {
  return typeof slot === "number" || view.node(slot) !== undefined;
}

function wantedIn(view: StoreView, serviceId: ServiceId, slot: SlotKey): readonly Task[] {
  return tasksOfSlot(view, serviceId, slot).filter((task) => isWanted(task.desired));
}

function advance<Desired extends DesiredState>(
  task: Task | undefined,
  desired: Desired,
  change: (task: Task, desired: Desired) => Change,
): Change[] {
  if (task === undefined || desiredRank(task.desired) >= desiredRank(desired)) return [];
  return [change(task, desired)];
}

function want(task: Task, desired: DesiredState): Change {
  return { kind: "want-task", taskId: task.id, desired };
}

/** A task that no node ever heard of leaves nothing to stop, and nothing worth remembering. */
function dismiss(task: Task, desired: "shutdown" | "remove"): Change {
  const untouched = !isPlaced(task) && !isTerminal(task.status.state);
  return untouched ? { kind: "remove-task", taskId: task.id } : want(task, desired);
}

function forget(task: Task | undefined): Change[] {
  if (task === undefined || isWanted(task.desired) || !isOver(task)) return [];
  return [{ kind: "remove-task", taskId: task.id }];
}

function create(
  view: StoreView,
  task: NewTask,
  { serviceId, atMs, newTaskId }: CommandContext,
): Change {
  const { earlierMs, counts } = task.restarts;
  const restartsAtMs = counts === "now" ? [...earlierMs, atMs] : earlierMs;
  return {
    kind: "create-task",
    task: {
      id: newTaskId(),
      version: 0,
      createdAtMs: atMs,
      updatedAtMs: atMs,
      serviceId,
      revision: task.revision,
      ...placeOf(task),
      desired: task.desired,
      status: firstStatus(view, serviceId, task.revision, atMs),
      ...(restartsAtMs.length === 0 ? {} : { restartsAtMs }),
    },
  };
}

/** The scheduler may look at once at a task that needs nothing of the allocator. */
function firstStatus(
  view: StoreView,
  serviceId: ServiceId,
  number: number,
  atMs: number,
): TaskStatus {
  const revision = view.revision(serviceId, number);
  return revision !== undefined && needsAddresses(view, revision)
    ? { state: "new", atMs, message: "created" }
    : { state: "pending", atMs, message: "pending task scheduling" };
}

function placeOf({ slot, move }: NewTask): Pick<Task, "slot" | "nodeId" | "relieves"> {
  if (typeof slot !== "number") return { slot: NO_SLOT, nodeId: slot };
  return move === undefined ? { slot } : { slot, nodeId: move.to, relieves: move.from };
}
