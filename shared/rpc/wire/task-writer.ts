/** Tasks and their statuses written straight into bytes; `task.ts` has the forms that are read. */
import type { GenericShare } from "../../model/generic-resources.js";
import type { NetworkAddresses } from "../../model/network.js";
import type { ContainerStatus, PublishedPort, Task, TaskStatus } from "../../model/task.js";
import type { ProtoWriter } from "./proto-writer.js";
import { DESIRED_NUMBERS, OBSERVED_NUMBERS } from "./task.js";

/** Numbers of the fields in `state.proto`. */
const TASK = {
  id: 1,
  version: 2,
  createdAtMs: 3,
  updatedAtMs: 4,
  serviceId: 5,
  revision: 6,
  slot: 7,
  nodeId: 8,
  desired: 9,
  status: 10,
  restartsAtMs: 11,
  addresses: 12,
  ranAtMs: 13,
  relieves: 14,
  generics: 15,
} as const satisfies Record<keyof Task, number>;

const STATUS = {
  state: 1,
  atMs: 2,
  message: 3,
  error: 4,
  container: 5,
  ports: 6,
} as const satisfies Record<keyof TaskStatus, number>;

const CONTAINER = {
  containerId: 1,
  pid: 2,
  exitCode: 3,
  isUnhealthy: 4,
} as const satisfies Record<keyof ContainerStatus, number>;

const PORT = {
  protocol: 1,
  targetPort: 2,
  publishedPort: 3,
} as const satisfies Record<keyof PublishedPort, number>;

const GENERIC = {
  kind: 1,
  count: 2,
  names: 3,
} as const satisfies Record<keyof GenericShare, number>;

const ADDRESSES = {
  networkId: 1,
  addresses: 2,
} as const satisfies Record<keyof NetworkAddresses, number>;

export function writeTask(writer: ProtoWriter, field: number, task: Task): void {
  const begun = writer.begin(field);
  writer.text(TASK.id, task.id);
  writer.uint(TASK.version, task.version);
  writer.double(TASK.createdAtMs, task.createdAtMs);
  writer.double(TASK.updatedAtMs, task.updatedAtMs);
  writer.text(TASK.serviceId, task.serviceId);
  writer.uint(TASK.revision, task.revision);
  writer.uint(TASK.slot, task.slot);
  if (task.nodeId !== undefined) writer.presentText(TASK.nodeId, task.nodeId);
  writer.uint(TASK.desired, DESIRED_NUMBERS[task.desired]);
  writeTaskStatus(writer, TASK.status, task.status);
  if (task.restartsAtMs !== undefined) writer.doubles(TASK.restartsAtMs, task.restartsAtMs);
  if (task.addresses !== undefined) writeAddresses(writer, TASK.addresses, task.addresses);
  if (task.ranAtMs !== undefined) writer.presentDouble(TASK.ranAtMs, task.ranAtMs);
  if (task.relieves !== undefined) writer.presentText(TASK.relieves, task.relieves);
  if (task.generics !== undefined) writeGenerics(writer, TASK.generics, task.generics);
  writer.end(begun);
}

export function writeGenerics(
  writer: ProtoWriter,
  field: number,
  all: readonly GenericShare[],
): void {
  for (const { kind, count, names = [] } of all) {
    const begun = writer.begin(field);
    writer.text(GENERIC.kind, kind);
    writer.uint(GENERIC.count, count);
    for (const name of names) writer.presentText(GENERIC.names, name);
    writer.end(begun);
  }
}

export function writeAddresses(
  writer: ProtoWriter,
  field: number,
  all: readonly NetworkAddresses[],
): void {
  for (const { networkId, addresses } of all) {
    const begun = writer.begin(field);
    writer.text(ADDRESSES.networkId, networkId);
    for (const address of addresses) writer.presentText(ADDRESSES.addresses, address);
    writer.end(begun);
  }
}

export function writeTaskStatus(writer: ProtoWriter, field: number, status: TaskStatus): void {
  const begun = writer.begin(field);
  writer.uint(STATUS.state, OBSERVED_NUMBERS[status.state]);
  writer.double(STATUS.atMs, status.atMs);
  writer.text(STATUS.message, status.message);
  if (status.error !== undefined) writer.presentText(STATUS.error, status.error);
  if (status.container !== undefined) writeContainer(writer, status.container);
  if (status.ports !== undefined) for (const port of status.ports) writePort(writer, port);
  writer.end(begun);
}

function writeContainer(writer: ProtoWriter, container: ContainerStatus): void {
  const begun = writer.begin(STATUS.container);
  writer.text(CONTAINER.containerId, container.containerId);
  writer.uint(CONTAINER.pid, container.pid);
  if (container.exitCode !== undefined) writer.sint(CONTAINER.exitCode, container.exitCode);
  if (container.isUnhealthy === true) writer.uint(CONTAINER.isUnhealthy, 1);
  writer.end(begun);
}

function writePort(writer: ProtoWriter, port: PublishedPort): void {
  const begun = writer.begin(STATUS.ports);
  writer.text(PORT.protocol, port.protocol);
  writer.uint(PORT.targetPort, port.targetPort);
  writer.uint(PORT.publishedPort, port.publishedPort);
  writer.end(begun);
}
