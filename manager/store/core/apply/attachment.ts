/**
 * Changes of what users attach to networks. Only the node that made an attachment changes it, and a
 * network that it is on already stays its own, whatever became of the network's spec.
 */
import {
  FailedPreconditionError,
  NotFoundError,
  PermissionDeniedError,
} from "../../../../shared/errors/cluster-error.js";
import { type Attachment, isAllocated } from "../../../../shared/model/attachment.js";
import type { NetworkId, TaskId } from "../../../../shared/model/ids.js";
import { isIngress, isRemoved, networkName } from "../../../../shared/model/network.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import type { State } from "../state.js";
import { existingNetwork, existingNode } from "./preconditions.js";

export function putAttachment(draft: Draft, attachment: Attachment): void {
  const { state, sequence, atMs } = draft;
  const { id, nodeId, networks } = attachment;
  existingNode(state, nodeId);
  if (networks.length === 0) throw new FailedPreconditionError(`attachment ${id} has no network`);
  const before = state.attachment(id);
  if (before !== undefined && before.nodeId !== nodeId)
    throw new FailedPreconditionError(`attachment ${id} is of node ${before.nodeId}`);
  const known = new Set(before?.networks.map(({ networkId }) => networkId));
  const wanted = new Set(networks.map(({ networkId }) => networkId));
  for (const networkId of wanted) if (!known.has(networkId)) expectAttachable(state, networkId);
  const { addresses: _sent, error: _error, ...said } = attachment;
  const addresses = before?.addresses?.filter(({ networkId }) => wanted.has(networkId)) ?? [];
  draft.setAttachment(id, before, {
    ...said,
    version: sequence,
    createdAtMs: before?.createdAtMs ?? atMs,
    updatedAtMs: atMs,
    ...(addresses.length > 0 && { addresses }),
  });
}

export function allocateAttachment(draft: Draft, change: ChangeOf<"allocate-attachment">): void {
  const before = existingAttachment(draft.state, change.attachmentId);
  const { addresses, error } = change;
  const { addresses: _former, error: _known, ...rest } = before;
  const wanted = new Set(before.networks.map(({ networkId }) => networkId));
  if (addresses.some(({ networkId }) => !wanted.has(networkId)))
    throw new FailedPreconditionError(`attachment ${before.id} is on other networks by now`);
  const after = {
    ...rest,
    updatedAtMs: draft.atMs,
    ...(addresses.length > 0 && { addresses }),
    ...(error !== undefined && { error }),
  };
  if (error === undefined && !isAllocated(after))
    throw new FailedPreconditionError(`attachment ${before.id} is on other networks by now`);
  draft.setAttachment(before.id, before, after);
}

export function removeAttachment(draft: Draft, id: TaskId): void {
  const attachment = existingAttachment(draft.state, id);
  draft.setAttachment(id, attachment, undefined);
}

function existingAttachment(state: State, id: TaskId): Attachment {
  const attachment = state.attachment(id);
  if (attachment === undefined) throw new NotFoundError("task", id);
  return attachment;
}

/** In Docker's words. */
function expectAttachable(state: State, id: NetworkId): void {
  const network = existingNetwork(state, id);
  if (isRemoved(network)) throw new NotFoundError("network", id);
  if (network.spec.Attachable === true && !isIngress(network)) return;
  throw new PermissionDeniedError(`network ${networkName(network.spec)} not manually attachable`);
}
