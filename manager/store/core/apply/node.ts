/**
 * Changes of nodes. A removed node's tasks are orphaned with it: nobody will report them any more.
 * What users attached there goes.
 */
import {
  AlreadyExistsError,
  FailedPreconditionError,
} from "../../../../shared/errors/cluster-error.js";
import type { NodeId } from "../../../../shared/model/ids.js";
import { type Node, nodeRole, presentRole } from "../../../../shared/model/node.js";
import { isTerminal } from "../../../../shared/model/task-state.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import { leaveNetworks } from "./network.js";
import { existingNetwork, existingNode, expectVersion } from "./preconditions.js";
import { changedTask } from "./task-copy.js";

export function createNode(draft: Draft, node: Node): void {
  if (draft.state.node(node.id) !== undefined) throw new AlreadyExistsError("node", node.id);
  const { atMs, sequence } = draft;
  draft.setNode(node.id, undefined, {
    ...node,
    version: sequence,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
}

export function updateNode(draft: Draft, change: ChangeOf<"update-node">): void {
  const before = existingNode(draft.state, change.nodeId);
  expectVersion("node", before, change.expectedVersion);
  draft.setNode(before.id, before, {
    ...before,
    version: draft.sequence,
    updatedAtMs: draft.atMs,
    spec: change.spec,
  });
}

export function observeNode(draft: Draft, change: ChangeOf<"observe-node">): void {
  const before = existingNode(draft.state, change.nodeId);
  draft.setNode(before.id, before, {
    ...before,
    updatedAtMs: draft.atMs,
    status: change.status,
    ...(change.description !== undefined && { description: change.description }),
  });
}

export function setManager(draft: Draft, { nodeId, manager }: ChangeOf<"set-manager">): void {
  const before = existingNode(draft.state, nodeId);
  const { manager: _former, ...node } = before;
  const updatedAtMs = draft.atMs;
  if (manager === undefined) {
    draft.setNode(nodeId, before, { ...node, updatedAtMs });
    return;
  }
  // A member that is to go may still say where it is.
  const isNew = before.manager?.memberId !== manager.memberId;
  if (isNew && nodeRole(before) !== "manager") {
    throw new FailedPreconditionError(`node ${nodeId} is a worker: promote it first`);
  }
  draft.setNode(nodeId, before, { ...node, updatedAtMs, manager });
}

export function allocateNode(draft: Draft, { nodeId, gateways }: ChangeOf<"allocate-node">): void {
  const before = existingNode(draft.state, nodeId);
  for (const { networkId } of gateways) existingNetwork(draft.state, networkId);
  const { gateways: _former, ...node } = before;
  draft.setNode(nodeId, before, {
    ...node,
    updatedAtMs: draft.atMs,
    ...(gateways.length > 0 && { gateways }),
  });
}

export function removeNode(draft: Draft, id: NodeId): void {
  const node = existingNode(draft.state, id);
  if (presentRole(node) === "manager")
    throw new FailedPreconditionError(
      `node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
    );
  const lost = draft.state.tasksOfNode(id).filter(({ status }) => !isTerminal(status.state));
  for (const task of lost) {
    const { error: _, ...status } = task.status;
    const orphaned = {
      ...status,
      state: "orphaned",
      atMs: draft.atMs,
      message: "node was removed",
    } as const;
    const after = changedTask(task, { updatedAtMs: draft.atMs, status: orphaned });
    draft.setTask(task.id, task, after);
  }
  for (const attachment of draft.state.attachments())
    if (attachment.nodeId === id) draft.setAttachment(attachment.id, attachment, undefined);
  draft.setNode(id, node, undefined);
  for (const task of lost) leaveNetworks(draft, task);
}
