/**
 * Changes of tasks: made for a service's revision, placed once, wanted less and
 * less, observed forward only.
 */
import {
  AlreadyExistsError,
  FailedPreconditionError,
} from "../../../../shared/errors/cluster-error.js";
import type { TaskId } from "../../../../shared/model/ids.js";
import { isPlaced, type Task, type TaskStatus } from "../../../../shared/model/task.js";
import {
  desiredRank,
  isTerminal,
  isWanted,
  mayFollow,
  observedRank,
} from "../../../../shared/model/task-state.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import { leaveNetworks } from "./network.js";
import { existingNetwork, existingNode, existingService, existingTask } from "./preconditions.js";
import { sameContainer, sameStatus } from "./same-status.js";
import { expectRevision, removeRevisionsOfNothing } from "./service.js";
import { changedTask, keptStatus } from "./task-copy.js";

export function createTask(draft: Draft, task: Task): void {
  const { state, sequence, atMs } = draft;
  if (state.task(task.id) !== undefined) throw new AlreadyExistsError("task", task.id);
  const service = existingService(state, task.serviceId);
  expectRevision(state, service.id, task.revision);
  const node = task.nodeId === undefined ? undefined : existingNode(state, task.nodeId);
  expectPlace(task, task.status);
  const made = changedTask(task, {
    version: sequence,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    // One copy of each id, however many tasks bear it.
    serviceId: service.id,
    nodeId: node?.id,
    status: keptStatus(task.status),
  });
  draft.setTask(task.id, undefined, made);
}

export function allocateTask(draft: Draft, change: ChangeOf<"allocate-task">): void {
  const before = existingTask(draft.state, change.taskId);
  if (before.status.state !== "new" || !isWanted(before.desired))
    throw new FailedPreconditionError(
      `task ${before.id} is ${before.status.state}, wanted ${before.desired}: it needs no addresses`,
    );
  for (const { networkId } of change.addresses) existingNetwork(draft.state, networkId);
  const status = { state: "pending", atMs: draft.atMs, message: change.message } as const;
  const { addresses } = change;
  const after = changedTask(before, { updatedAtMs: draft.atMs, status, addresses });
  draft.setTask(before.id, before, after);
}

export function assignTask(draft: Draft, change: ChangeOf<"assign-task">): void {
  const before = existingTask(draft.state, change.taskId);
  const node = existingNode(draft.state, change.nodeId);
  // A task of a global service is made for its node, and pending until the node was found fit.
  const elsewhere = before.nodeId !== undefined && before.nodeId !== node.id;
  if (before.status.state !== "pending" || elsewhere || !isWanted(before.desired))
    throw new FailedPreconditionError(
      `task ${before.id} is ${before.status.state}, wanted ${before.desired}, on node ${before.nodeId ?? "none"}: it cannot be assigned to ${node.id}`,
    );
  const status = { state: "assigned", atMs: draft.atMs, message: change.message } as const;
  const { generics } = change;
  const placed = { updatedAtMs: draft.atMs, nodeId: node.id, status, generics };
  const after = changedTask(before, placed);
  draft.setTask(before.id, before, after);
}

export function wantTask(draft: Draft, change: ChangeOf<"want-task">): void {
  const before = existingTask(draft.state, change.taskId);
  if (change.desired === before.desired) return;
  if (desiredRank(change.desired) < desiredRank(before.desired))
    throw new FailedPreconditionError(
      `task ${before.id} is wanted ${before.desired}, which ${change.desired} cannot follow`,
    );
  const { sequence, atMs } = draft;
  const after = changedTask(before, {
    version: sequence,
    updatedAtMs: atMs,
    desired: change.desired,
  });
  draft.setTask(before.id, before, after);
}

export function observeTask(draft: Draft, change: ChangeOf<"observe-task">): void {
  const before = existingTask(draft.state, change.taskId);
  const status = keptStatus(change.status);
  if (sameStatus(status, before.status)) return;
  expectForward(before, status);
  expectPlace(before, status);
  const started = status.state === "running" && before.ranAtMs === undefined;
  const ranAtMs = started ? status.atMs : undefined;
  const changes = { updatedAtMs: draft.atMs, status, ranAtMs };
  draft.setTask(before.id, before, changedTask(before, changes));
  if (isTerminal(status.state)) leaveNetworks(draft, before);
}

export function removeTask(draft: Draft, id: TaskId): void {
  const task = existingTask(draft.state, id);
  // While its host may run it, it holds what it reserved: forgetting it would give that away twice.
  if (isPlaced(task) && !isTerminal(task.status.state))
    throw new FailedPreconditionError(
      `task ${id} is ${task.status.state} on node ${task.nodeId ?? ""}: it cannot be removed before it has ended`,
    );
  draft.setTask(id, task, undefined);
  leaveNetworks(draft, task);
  removeRevisionsOfNothing(draft, task.serviceId);
}

function expectForward(before: Task, status: TaskStatus): void {
  const current = before.status;
  if (status.state !== current.state) {
    if (mayFollow(status.state, current.state)) return;
  } else if (!isTerminal(current.state) || sameContainer(status, current)) return;
  throw new FailedPreconditionError(
    `task ${before.id} was observed ${current.state}, which ${status.state} cannot follow`,
  );
}

/** A task that some host works on is somewhere. */
function expectPlace(task: Task, status: TaskStatus): void {
  const placed = observedRank(status.state) >= observedRank("assigned");
  if (placed && !isTerminal(status.state) && task.nodeId === undefined)
    throw new FailedPreconditionError(`task ${task.id} has no node and cannot be ${status.state}`);
}
