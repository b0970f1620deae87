/**
 * What becomes of an attachment by what its node says: a plan is nothing where all is as it should
 * be, so whatever is said twice changes nothing the second time.
 */
import {
  FailedPreconditionError,
  NotFoundError,
  PermissionDeniedError,
} from "../../../shared/errors/cluster-error.js";
import type { AttachedNetwork, Attachment } from "../../../shared/model/attachment.js";
import type { NetworkId, NodeId, TaskId } from "../../../shared/model/ids.js";
import { isIngress, isRemoved, type Network } from "../../../shared/model/network.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";

export interface AttachWish {
  readonly id: TaskId;
  readonly containerName: string;
  readonly networks: readonly (Pick<AttachedNetwork, "aliases" | "wanted"> & {
    /** As its user calls it: an id or a name. */
    readonly target: string;
  })[];
}

/**
 * It is on the networks that it was on, and these.
 * @throws NotFoundError, PermissionDeniedError in Docker's words
 */
export function planAttach(
  view: StoreView,
  nodeId: NodeId,
  atMs: number,
  { id, containerName, networks }: AttachWish,
): Change | undefined {
  const before = ownAttachment(view, nodeId, id);
  const known = new Map(before?.networks.map((one) => [one.networkId, one]));
  for (const { target, aliases, wanted } of networks) {
    const { id: networkId } = attachableNetwork(view, target, known);
    known.set(networkId, { networkId, aliases, wanted });
  }
  const base = before ?? {
    id,
    version: 0,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    nodeId,
    containerName,
    containerId: "",
    state: "silent",
  };
  return changed(before, { ...base, networks: [...known.values()] });
}

/** @throws NotFoundError */
export function planObserve(
  view: StoreView,
  nodeId: NodeId,
  seen: Pick<Attachment, "id" | "containerName" | "containerId" | "state">,
): Change | undefined {
  const before = ownAttachment(view, nodeId, seen.id);
  if (before === undefined) throw new NotFoundError("task", seen.id);
  return changed(before, { ...before, ...seen });
}

/** @param networkIds none: all of them */
export function planDetach(
  view: StoreView,
  nodeId: NodeId,
  { id, networkIds }: { readonly id: TaskId; readonly networkIds: readonly NetworkId[] },
): Change | undefined {
  const before = ownAttachment(view, nodeId, id);
  if (before === undefined) return undefined;
  const networks = before.networks.filter(({ networkId }) => !networkIds.includes(networkId));
  if (networkIds.length === 0 || networks.length === 0)
    return { kind: "remove-attachment", attachmentId: id };
  return changed(before, { ...before, networks });
}

/** What could not be had is not waited for: it is on those networks that it has addresses on. */
export function planGiveUp(view: StoreView, id: TaskId): Change | undefined {
  const before = view.attachment(id);
  if (before === undefined) return undefined;
  const has = new Set(before.addresses?.map(({ networkId }) => networkId));
  const networks = before.networks.filter(({ networkId }) => has.has(networkId));
  if (networks.length === 0) return { kind: "remove-attachment", attachmentId: id };
  return changed(before, { ...before, networks });
}

function changed(before: Attachment | undefined, after: Attachment): Change | undefined {
  if (before !== undefined && canonicalText(before) === canonicalText(after)) return undefined;
  return { kind: "put-attachment", attachment: after };
}

function ownAttachment(view: StoreView, nodeId: NodeId, id: TaskId): Attachment | undefined {
  const attachment = view.attachment(id);
  if (attachment === undefined || attachment.nodeId === nodeId) return attachment;
  throw new FailedPreconditionError(`attachment ${id} is of another node`);
}

/** One that it is on already stays its own, whatever became of the network's spec. */
function attachableNetwork(
  view: StoreView,
  target: string,
  known: ReadonlyMap<NetworkId, unknown>,
): Network {
  const network = view.network(target as NetworkId) ?? view.networkByName(target);
  if (network === undefined || isRemoved(network)) throw new NotFoundError("network", target);
  const isOpen = network.spec.Attachable === true && !isIngress(network);
  if (isOpen || known.has(network.id)) return network;
  throw new PermissionDeniedError(`network ${target} not manually attachable`);
}
