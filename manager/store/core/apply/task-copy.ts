/**
 * Copies of tasks, written out field by field. All tasks get the same shape in memory (a
 * spread would add a table of extra properties to each, by the hundred thousand), and hold
 * what the log holds and no more: the manager that made a change applies its own objects,
 * all others what they read.
 */
import type { GenericShare } from "../../../../shared/model/generic-resources.js";
import type { NodeId, ServiceId } from "../../../../shared/model/ids.js";
import type { NetworkAddresses } from "../../../../shared/model/network.js";
import type { ContainerStatus, Task, TaskStatus } from "../../../../shared/model/task.js";

/** What changes; the rest stays. */
export interface TaskChanges {
  readonly version?: number;
  readonly createdAtMs?: number;
  readonly updatedAtMs: number;
  readonly serviceId?: ServiceId;
  readonly nodeId?: NodeId | undefined;
  readonly desired?: Task["desired"];
  readonly status?: TaskStatus;
  readonly addresses?: readonly NetworkAddresses[];
  readonly ranAtMs?: number | undefined;
  readonly generics?: readonly GenericShare[] | undefined;
}

/** A status as it is kept: absent and empty are the same in the log. */
export function keptStatus(status: TaskStatus): TaskStatus {
  const { ports } = status;
  const kept = statusWithoutPorts(status);
  if (ports === undefined || ports.length === 0) return kept;
  return {
    ...kept,
    ports: ports.map(({ protocol, targetPort, publishedPort }) => ({
      protocol,
      targetPort,
      publishedPort,
    })),
  };
}

export function changedTask(task: Task, changes: TaskChanges): Task {
  const copy = copyOf(task, changes);
  const { restartsAtMs = [], relieves } = task;
  const { addresses = task.addresses ?? [] } = changes;
  const generics = changes.generics ?? task.generics ?? [];
  if (relieves !== undefined || generics.length > 0)
    return copyWithRareParts(copy, { relieves, generics, restartsAtMs, addresses });
  if (addresses.length > 0)
    return restartsAtMs.length === 0
      ? { ...copy, addresses: addresses.map(keptAddresses) }
      : { ...copy, restartsAtMs, addresses: addresses.map(keptAddresses) };
  return restartsAtMs.length === 0 ? copy : { ...copy, restartsAtMs };
}

/** Few tasks have these: what their memory costs does not count. */
function copyWithRareParts(copy: Task, parts: RareParts): Task {
  const { relieves, generics, restartsAtMs, addresses } = parts;
  return {
    ...copy,
    ...(restartsAtMs.length > 0 && { restartsAtMs }),
    ...(addresses.length > 0 && { addresses: addresses.map(keptAddresses) }),
    ...(generics.length > 0 && { generics: generics.map(keptShare) }),
    ...(relieves !== undefined && { relieves }),
  };
}

interface RareParts extends Required<Pick<Task, "generics" | "restartsAtMs" | "addresses">> {
  readonly relieves: NodeId | undefined;
}

function keptShare({ kind, count, names = [] }: GenericShare): GenericShare {
  return names.length === 0 ? { kind, count } : { kind, count, names };
}

function keptAddresses({ networkId, addresses }: NetworkAddresses): NetworkAddresses {
  return { networkId, addresses };
}

function copyOf(task: Task, changes: TaskChanges): Task {
  const nodeId = changes.nodeId ?? task.nodeId;
  if (nodeId === undefined) return unplacedCopy(task, changes);
  const ranAtMs = changes.ranAtMs ?? task.ranAtMs;
  if (ranAtMs === undefined) return placedCopy(task, changes, nodeId);
  return startedCopy(task, changes, { nodeId, ranAtMs });
}

function unplacedCopy(task: Task, changes: TaskChanges): Task {
  return {
    id: task.id,
    version: changes.version ?? task.version,
    createdAtMs: changes.createdAtMs ?? task.createdAtMs,
    updatedAtMs: changes.updatedAtMs,
    serviceId: changes.serviceId ?? task.serviceId,
    revision: task.revision,
    slot: task.slot,
    desired: changes.desired ?? task.desired,
    status: changes.status ?? task.status,
  };
}

function placedCopy(task: Task, changes: TaskChanges, nodeId: NodeId): Task {
  return {
    id: task.id,
    version: changes.version ?? task.version,
    createdAtMs: changes.createdAtMs ?? task.createdAtMs,
    updatedAtMs: changes.updatedAtMs,
    serviceId: changes.serviceId ?? task.serviceId,
    revision: task.revision,
    slot: task.slot,
    nodeId,
    desired: changes.desired ?? task.desired,
    status: changes.status ?? task.status,
  };
}

function startedCopy(
  task: Task,
  changes: TaskChanges,
  { nodeId, ranAtMs }: { readonly nodeId: NodeId; readonly ranAtMs: number },
): Task {
  return {
    id: task.id,
    version: changes.version ?? task.version,
    createdAtMs: changes.createdAtMs ?? task.createdAtMs,
    updatedAtMs: changes.updatedAtMs,
    serviceId: changes.serviceId ?? task.serviceId,
    revision: task.revision,
    slot: task.slot,
    nodeId,
    desired: changes.desired ?? task.desired,
    status: changes.status ?? task.status,
    ranAtMs,
  };
}

function statusWithoutPorts({ state, atMs, message, error, container }: TaskStatus): TaskStatus {
  if (container === undefined)
    return error === undefined ? { state, atMs, message } : { state, atMs, message, error };
  const kept = keptContainer(container);
  return error === undefined
    ? { state, atMs, message, container: kept }
    : { state, atMs, message, error, container: kept };
}

function keptContainer(container: ContainerStatus): ContainerStatus {
  const { containerId, pid, exitCode, isUnhealthy } = container;
  if (isUnhealthy !== undefined) return { ...container };
  return exitCode === undefined ? { containerId, pid } : { containerId, pid, exitCode };
}
