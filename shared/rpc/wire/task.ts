/**
 * Tasks and their statuses, proto ↔ model. These are the hot messages: plain field
 * by field, no reflection.
 */
import type { GenericShare } from "../../model/generic-resources.js";
import type { NodeId, ServiceId, TaskId } from "../../model/ids.js";
import type {
  ContainerStatus,
  PortProtocol,
  PublishedPort,
  Task,
  TaskStatus,
} from "../../model/task.js";
import type { DesiredState, ObservedState } from "../../model/task-state.js";
import { enumCodec, fromUint64, isSet, type WireUint64 } from "./fields.js";
import { intern } from "./intern.js";
import { addressesFromWire, type WireNetworkAddresses } from "./network.js";

export interface WireTask {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  serviceId: string;
  revision: number;
  slot: number;
  nodeId?: string | null;
  desired: number;
  status: WireTaskStatus;
  restartsAtMs?: readonly number[];
  addresses?: readonly WireNetworkAddresses[];
  ranAtMs?: number | null;
  relieves?: string | null;
  generics?: readonly WireGenericShare[];
}

export interface WireGenericShare {
  kind: string;
  count: WireUint64;
  names?: readonly string[];
}

export interface WireTaskStatus {
  state: number;
  atMs: number;
  message: string;
  error?: string | null;
  container?: WireContainerStatus | null;
  ports?: readonly WirePublishedPort[];
}

export interface WireContainerStatus {
  containerId: string;
  pid: number;
  exitCode?: number | null;
  isUnhealthy?: boolean | null;
}

export interface WirePublishedPort {
  protocol: string;
  targetPort: number;
  publishedPort: number;
}

export const OBSERVED_NUMBERS = {
  new: 0,
  pending: 64,
  assigned: 192,
  accepted: 256,
  preparing: 320,
  ready: 384,
  starting: 448,
  running: 512,
  complete: 576,
  shutdown: 640,
  failed: 704,
  rejected: 768,
  remove: 800,
  orphaned: 832,
} as const satisfies Record<ObservedState, number>;

export const DESIRED_NUMBERS = {
  ready: 0,
  running: 64,
  complete: 128,
  shutdown: 192,
  remove: 256,
} as const satisfies Record<DesiredState, number>;

const observedStates = enumCodec<ObservedState>(OBSERVED_NUMBERS);
const desiredStates = enumCodec<DesiredState>(DESIRED_NUMBERS);

export function desiredToWire(desired: DesiredState): number {
  return desiredStates.toNumber(desired);
}

export function desiredFromWire(desired: number): DesiredState {
  return desiredStates.toName(desired);
}

export function taskToWire(task: Task): WireTask {
  const wire: WireTask = {
    id: task.id,
    version: task.version,
    createdAtMs: task.createdAtMs,
    updatedAtMs: task.updatedAtMs,
    serviceId: task.serviceId,
    revision: task.revision,
    slot: task.slot,
    desired: desiredStates.toNumber(task.desired),
    status: taskStatusToWire(task.status),
  };
  if (task.nodeId !== undefined) wire.nodeId = task.nodeId;
  if (task.restartsAtMs !== undefined) wire.restartsAtMs = task.restartsAtMs;
  if (task.addresses !== undefined) wire.addresses = task.addresses;
  if (task.ranAtMs !== undefined) wire.ranAtMs = task.ranAtMs;
  if (task.relieves !== undefined) wire.relieves = task.relieves;
  if (task.generics !== undefined) wire.generics = task.generics;
  return wire;
}

export function taskFromWire(wire: WireTask): Task {
  return {
    id: wire.id as TaskId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    serviceId: intern(wire.serviceId) as ServiceId,
    revision: wire.revision,
    slot: wire.slot,
    ...(isSet(wire.nodeId) && { nodeId: intern(wire.nodeId) as NodeId }),
    desired: desiredStates.toName(wire.desired),
    status: taskStatusFromWire(wire.status),
    ...(isSet(wire.ranAtMs) && { ranAtMs: wire.ranAtMs }),
    ...(wire.generics?.length && { generics: genericsFromWire(wire.generics) }),
    ...(isSet(wire.relieves) && { relieves: intern(wire.relieves) as NodeId }),
    ...(wire.restartsAtMs?.length && { restartsAtMs: wire.restartsAtMs }),
    ...(wire.addresses?.length && { addresses: addressesFromWire(wire.addresses) }),
  };
}

export function genericsFromWire(wire: readonly WireGenericShare[]): readonly GenericShare[] {
  return wire.map(({ kind, count, names }) => ({
    kind: intern(kind),
    count: fromUint64(count),
    ...(names?.length && { names: names.map(intern) }),
  }));
}

export function taskStatusToWire(status: TaskStatus): WireTaskStatus {
  const wire: WireTaskStatus = {
    state: observedStates.toNumber(status.state),
    atMs: status.atMs,
    message: status.message,
  };
  if (status.error !== undefined) wire.error = status.error;
  if (status.container !== undefined) wire.container = status.container;
  if (status.ports !== undefined) wire.ports = status.ports;
  return wire;
}

export function taskStatusFromWire(wire: WireTaskStatus): TaskStatus {
  return {
    state: observedStates.toName(wire.state),
    atMs: wire.atMs,
    message: intern(wire.message),
    ...(isSet(wire.error) && { error: intern(wire.error) }),
    ...(isSet(wire.container) && { container: containerFromWire(wire.container) }),
    ...(wire.ports?.length && { ports: wire.ports.map(portFromWire) }),
  };
}

function containerFromWire(wire: WireContainerStatus): ContainerStatus {
  const { containerId, pid, exitCode, isUnhealthy } = wire;
  const container = isSet(exitCode) ? { containerId, pid, exitCode } : { containerId, pid };
  return isUnhealthy === true ? { ...container, isUnhealthy } : container;
}

function portFromWire(wire: WirePublishedPort): PublishedPort {
  return {
    protocol: wire.protocol as PortProtocol,
    targetPort: wire.targetPort,
    publishedPort: wire.publishedPort,
  };
}
