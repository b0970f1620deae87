/**
 * Objects and changes for tests of the store: valid ones, with only what a test
 * cares about spelled out.
 */
import type { Change, Command } from "../../manager/store/core/change.js";
import { COMMAND_FORMAT } from "../../manager/store/core/change.js";
import type { Attachment } from "../../shared/model/attachment.js";
import type { Cluster } from "../../shared/model/cluster.js";
import type { ClusterId, NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Network } from "../../shared/model/network.js";
import type { Node } from "../../shared/model/node.js";
import type { Revision } from "../../shared/model/revision.js";
import type { Service } from "../../shared/model/service.js";
import type { Task, TaskStatus } from "../../shared/model/task.js";
import type { ObservedState } from "../../shared/model/task-state.js";

/** An id that reads: `idOf<TaskId>("t1")` is 25 characters that begin with "t1". */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- named at the call
export function idOf<Id extends string>(name: string): Id {
  return name.padEnd(25, "z") as Id;
}

/** What `apply` sets itself: whatever stands here must not matter. */
const UNREAD = { version: 777, createdAtMs: 888, updatedAtMs: 999 };

export function sampleCluster(changes: Partial<Cluster> = {}): Cluster {
  return {
    id: idOf<ClusterId>("c1"),
    ...UNREAD,
    spec: { Name: "default" },
    authority: { certificatePem: "certificate", keyPem: "key" },
    joinTokens: { worker: "SWMTKN-1-w", manager: "SWMTKN-1-m" },
    epoch: 1,
    ...changes,
  };
}

export function sampleNode(name: string, changes: Partial<Node> = {}): Node {
  return {
    id: idOf<NodeId>(name),
    ...UNREAD,
    spec: { Role: "worker", Availability: "active" },
    status: { state: "ready", message: "", address: "10.0.0.1" },
    ...changes,
  };
}

export function sampleNetwork(name: string, changes: Partial<Network> = {}): Network {
  return {
    id: idOf<NetworkId>(name),
    ...UNREAD,
    spec: { Name: name, Driver: "overlay" },
    vni: 4_096,
    subnets: [{ cidr: "10.240.0.0/24" }],
    ...changes,
  };
}

export function sampleAttachment(name: string, changes: Partial<Attachment> = {}): Attachment {
  return {
    id: idOf<TaskId>(name),
    ...UNREAD,
    nodeId: idOf<NodeId>("n1"),
    containerName: name,
    containerId: "",
    state: "silent",
    networks: [{ networkId: idOf<NetworkId>("w1"), aliases: [], wanted: [] }],
    ...changes,
  };
}

export function sampleService(name: string, changes: Partial<Service> = {}): Service {
  const frame = { Name: name, Labels: { of: name } };
  return { id: idOf<ServiceId>(name), ...UNREAD, frame, revision: 1, ...changes };
}

export function sampleRevision(service: string, number = 1): Revision {
  const template = { ContainerSpec: { Image: `image:${number}` } };
  const hash = `${number}`.padStart(16, "0");
  return { serviceId: idOf<ServiceId>(service), number, createdAtMs: 888, template, hash };
}

export function sampleStatus(state: ObservedState, changes: Partial<TaskStatus> = {}): TaskStatus {
  return { state, atMs: 1_000, message: `is ${state}`, ...changes };
}

export function sampleTask(name: string, service: string, changes: Partial<Task> = {}): Task {
  return {
    id: idOf<TaskId>(name),
    ...UNREAD,
    serviceId: idOf<ServiceId>(service),
    revision: 1,
    slot: 1,
    desired: "running",
    status: sampleStatus("pending"),
    ...changes,
  };
}

export function createService(name: string): Change {
  return { kind: "create-service", service: sampleService(name), revision: sampleRevision(name) };
}

export function createTask(name: string, service: string, changes: Partial<Task> = {}): Change {
  return { kind: "create-task", task: sampleTask(name, service, changes) };
}

export function createNode(name: string, changes: Partial<Node> = {}): Change {
  return { kind: "create-node", node: sampleNode(name, changes) };
}

export function commandOf(changes: readonly Change[], options: Partial<Command> = {}): Command {
  return { format: COMMAND_FORMAT, atMs: 5_000, changes, ...options };
}
