/**
 * Changes, proto ↔ model. Specs that come with a change are measured here, where they become text.
 */
import type { NodeDescription, NodeSpec } from "../../shared/docker-api/node-spec.js";
import type { ServiceFrame } from "../../shared/docker-api/service-spec.js";
import type { SwarmSpec } from "../../shared/docker-api/swarm-spec.js";
import { assertNever } from "../../shared/errors/assert.js";
import type { Authority, DataPath, JoinTokens } from "../../shared/model/cluster.js";
import type { NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { ManagerMember } from "../../shared/model/node.js";
import {
  authorityFromWire,
  clusterFromWire,
  clusterToWire,
  dataPathFromWire,
  joinTokensFromWire,
  type WireCluster,
} from "../../shared/rpc/wire/cluster.js";
import { fromUint64, isSet, type WireUint64 } from "../../shared/rpc/wire/fields.js";
import { intern } from "../../shared/rpc/wire/intern.js";
import {
  managerFromWire,
  nodeFromWire,
  nodeStatusFromWire,
  nodeToWire,
  type WireNode,
  type WireNodeStatus,
} from "../../shared/rpc/wire/node.js";
import {
  previousFromWire,
  previousToWire,
  rebalanceFromWire,
  revisionFromWire,
  revisionToWire,
  serviceFromWire,
  serviceToWire,
  updateFromWire,
  type WirePreviousService,
  type WireRebalanceProgress,
  type WireRevision,
  type WireService,
  type WireUpdateProgress,
} from "../../shared/rpc/wire/service.js";
import { specFromJson, specToJson } from "../../shared/rpc/wire/specs.js";
import {
  desiredFromWire,
  desiredToWire,
  genericsFromWire,
  taskFromWire,
  taskStatusFromWire,
  taskStatusToWire,
  taskToWire,
  type WireGenericShare,
  type WireTask,
  type WireTaskStatus,
} from "../../shared/rpc/wire/task.js";
import type { Change, ChangeOf } from "./core/change.js";
import {
  networkChangeFromWire,
  networkChangeToWire,
  type WireNetworkChange,
} from "./network-change-codec.js";

/** Exactly one field is set. */
export interface WireChange extends WireNetworkChange {
  createCluster?: WireCluster | null;
  updateCluster?: WireUpdateCluster | null;
  createNode?: WireNode | null;
  updateNode?: WireUpdateNode | null;
  observeNode?: WireObserveNode | null;
  removeNode?: { nodeId: string } | null;
  setManager?: { nodeId: string; manager?: ManagerMember | null } | null;
  createService?: { service: WireService; revision: WireRevision } | null;
  updateService?: WireUpdateService | null;
  observeUpdate?: WireObserveUpdate | null;
  observeRebalance?: { serviceId: string; rebalance: WireRebalanceProgress } | null;
  removeService?: { serviceId: string } | null;
  removeRevision?: { serviceId: string; number: number } | null;
  createTask?: WireTask | null;
  assignTask?: WireAssignTask | null;
  wantTask?: { taskId: string; desired: number } | null;
  observeTask?: { taskId: string; status: WireTaskStatus } | null;
  removeTask?: { taskId: string } | null;
}

interface WireAssignTask {
  taskId: string;
  nodeId: string;
  message: string;
  generics?: readonly WireGenericShare[];
}

interface WireUpdateCluster {
  expectedVersion?: WireUint64 | null;
  specJson?: string | null;
  joinTokens?: JoinTokens | null;
  authority?: Authority | null;
  epoch?: WireUint64 | null;
  dataPath?: DataPath | null;
}

interface WireUpdateNode {
  nodeId: string;
  expectedVersion?: WireUint64 | null;
  specJson: string;
}

interface WireObserveNode {
  nodeId: string;
  status: WireNodeStatus;
  descriptionJson?: string | null;
}

interface WireUpdateService {
  serviceId: string;
  expectedVersion?: WireUint64 | null;
  frameJson: string;
  revision: number;
  newRevision?: WireRevision | null;
  previous?: WirePreviousService | null;
  update?: WireUpdateProgress | null;
}

interface WireObserveUpdate {
  serviceId: string;
  expectedVersion: WireUint64;
  update: WireUpdateProgress;
}

export function changeToWire(change: Change): WireChange {
  switch (change.kind) {
    case "create-cluster":
      return { createCluster: clusterToWire(change.cluster) };
    case "update-cluster":
      return { updateCluster: updateClusterToWire(change) };
    case "create-node":
      return { createNode: nodeToWire(change.node) };
    case "update-node":
      return { updateNode: updateNodeToWire(change) };
    case "observe-node":
      return { observeNode: observeNodeToWire(change) };
    case "remove-node":
      return { removeNode: { nodeId: change.nodeId } };
    case "set-manager": {
      const { nodeId, manager } = change;
      return { setManager: { nodeId, ...(manager && { manager }) } };
    }
    case "create-service":
      return {
        createService: {
          service: serviceToWire(change.service),
          revision: revisionToWire(change.revision),
        },
      };
    case "update-service":
      return { updateService: updateServiceToWire(change) };
    case "observe-update": {
      const { serviceId, expectedVersion, update } = change;
      return { observeUpdate: { serviceId, expectedVersion, update } };
    }
    case "observe-rebalance": {
      const { serviceId, rebalance } = change;
      return { observeRebalance: { serviceId, rebalance } };
    }
    case "remove-service":
      return { removeService: { serviceId: change.serviceId } };
    case "remove-revision":
      return { removeRevision: { serviceId: change.serviceId, number: change.number } };
    case "create-task":
      return { createTask: taskToWire(change.task) };
    case "assign-task": {
      const { taskId, nodeId, message, generics } = change;
      return { assignTask: { taskId, nodeId, message, ...(generics && { generics }) } };
    }
    case "want-task":
      return { wantTask: { taskId: change.taskId, desired: desiredToWire(change.desired) } };
    case "observe-task":
      return { observeTask: { taskId: change.taskId, status: taskStatusToWire(change.status) } };
    case "remove-task":
      return { removeTask: { taskId: change.taskId } };
    case "create-network":
    case "update-network":
    case "remove-network":
    case "allocate-service":
    case "allocate-node":
    case "allocate-task":
    case "put-attachment":
    case "allocate-attachment":
    case "remove-attachment":
      return networkChangeToWire(change);
    default:
      return assertNever(change);
  }
}

/** @returns undefined for a change of a later format. */
export function changeFromWire(wire: WireChange): Change | undefined {
  return (
    clusterOrNodeChange(wire) ??
    serviceChange(wire) ??
    taskChange(wire) ??
    networkChangeFromWire(wire)
  );
}

function clusterOrNodeChange(wire: WireChange): Change | undefined {
  if (isSet(wire.createCluster))
    return { kind: "create-cluster", cluster: clusterFromWire(wire.createCluster) };
  if (isSet(wire.updateCluster)) return updateClusterFromWire(wire.updateCluster);
  if (isSet(wire.createNode)) return { kind: "create-node", node: nodeFromWire(wire.createNode) };
  if (isSet(wire.updateNode)) return updateNodeFromWire(wire.updateNode);
  if (isSet(wire.observeNode)) return observeNodeFromWire(wire.observeNode);
  if (isSet(wire.removeNode))
    return { kind: "remove-node", nodeId: wire.removeNode.nodeId as NodeId };
  if (isSet(wire.setManager)) {
    const { nodeId, manager } = wire.setManager;
    return {
      kind: "set-manager",
      nodeId: nodeId as NodeId,
      ...(isSet(manager) && { manager: managerFromWire(manager) }),
    };
  }
  return undefined;
}

function serviceChange(wire: WireChange): Change | undefined {
  if (isSet(wire.createService)) {
    const { service, revision } = wire.createService;
    return {
      kind: "create-service",
      service: serviceFromWire(service),
      revision: revisionFromWire(revision),
    };
  }
  if (isSet(wire.updateService)) return updateServiceFromWire(wire.updateService);
  if (isSet(wire.observeUpdate)) {
    const { serviceId, expectedVersion, update } = wire.observeUpdate;
    return {
      kind: "observe-update",
      serviceId: serviceId as ServiceId,
      expectedVersion: fromUint64(expectedVersion),
      update: updateFromWire(update),
    };
  }
  if (isSet(wire.observeRebalance)) {
    const { serviceId, rebalance } = wire.observeRebalance;
    return {
      kind: "observe-rebalance",
      serviceId: serviceId as ServiceId,
      rebalance: rebalanceFromWire(rebalance),
    };
  }
  if (isSet(wire.removeService))
    return { kind: "remove-service", serviceId: wire.removeService.serviceId as ServiceId };
  if (isSet(wire.removeRevision)) {
    const { serviceId, number } = wire.removeRevision;
    return { kind: "remove-revision", serviceId: serviceId as ServiceId, number };
  }
  return undefined;
}

function taskChange(wire: WireChange): Change | undefined {
  if (isSet(wire.createTask)) return { kind: "create-task", task: taskFromWire(wire.createTask) };
  if (isSet(wire.assignTask)) {
    const { taskId, nodeId, message, generics } = wire.assignTask;
    return {
      kind: "assign-task",
      taskId: taskId as TaskId,
      nodeId: nodeId as NodeId,
      message: intern(message),
      ...(generics?.length && { generics: genericsFromWire(generics) }),
    };
  }
  if (isSet(wire.wantTask)) {
    const { taskId, desired } = wire.wantTask;
    return { kind: "want-task", taskId: taskId as TaskId, desired: desiredFromWire(desired) };
  }
  if (isSet(wire.observeTask)) {
    const { taskId, status } = wire.observeTask;
    return { kind: "observe-task", taskId: taskId as TaskId, status: taskStatusFromWire(status) };
  }
  if (isSet(wire.removeTask))
    return { kind: "remove-task", taskId: wire.removeTask.taskId as TaskId };
  return undefined;
}

function updateClusterToWire(change: ChangeOf<"update-cluster">): WireUpdateCluster {
  const wire: WireUpdateCluster = {};
  if (change.expectedVersion !== undefined) wire.expectedVersion = change.expectedVersion;
  if (change.spec !== undefined) wire.specJson = specToJson(change.spec);
  if (change.joinTokens !== undefined) wire.joinTokens = change.joinTokens;
  if (change.authority !== undefined) wire.authority = change.authority;
  if (change.epoch !== undefined) wire.epoch = change.epoch;
  if (change.dataPath !== undefined) wire.dataPath = change.dataPath;
  return wire;
}

function updateClusterFromWire(wire: WireUpdateCluster): Change {
  return {
    kind: "update-cluster",
    ...expectedVersion(wire),
    ...(isSet(wire.specJson) && { spec: specFromJson<SwarmSpec>(wire.specJson) }),
    ...(isSet(wire.joinTokens) && { joinTokens: joinTokensFromWire(wire.joinTokens) }),
    ...(isSet(wire.authority) && { authority: authorityFromWire(wire.authority) }),
    ...(isSet(wire.epoch) && { epoch: fromUint64(wire.epoch) }),
    ...(isSet(wire.dataPath) && { dataPath: dataPathFromWire(wire.dataPath) }),
  };
}

function updateNodeToWire(change: ChangeOf<"update-node">): WireUpdateNode {
  const wire: WireUpdateNode = { nodeId: change.nodeId, specJson: specToJson(change.spec) };
  if (change.expectedVersion !== undefined) wire.expectedVersion = change.expectedVersion;
  return wire;
}

function updateNodeFromWire(wire: WireUpdateNode): Change {
  return {
    kind: "update-node",
    nodeId: wire.nodeId as NodeId,
    ...expectedVersion(wire),
    spec: specFromJson<NodeSpec>(wire.specJson),
  };
}

function observeNodeToWire(change: ChangeOf<"observe-node">): WireObserveNode {
  const wire: WireObserveNode = { nodeId: change.nodeId, status: change.status };
  if (change.description !== undefined) wire.descriptionJson = specToJson(change.description);
  return wire;
}

function observeNodeFromWire(wire: WireObserveNode): Change {
  return {
    kind: "observe-node",
    nodeId: wire.nodeId as NodeId,
    status: nodeStatusFromWire(wire.status),
    ...(isSet(wire.descriptionJson) && {
      description: specFromJson<NodeDescription>(wire.descriptionJson),
    }),
  };
}

function updateServiceToWire(change: ChangeOf<"update-service">): WireUpdateService {
  const wire: WireUpdateService = {
    serviceId: change.serviceId,
    frameJson: specToJson(change.frame),
    revision: change.revision,
  };
  if (change.expectedVersion !== undefined) wire.expectedVersion = change.expectedVersion;
  if (change.newRevision !== undefined) wire.newRevision = revisionToWire(change.newRevision);
  if (change.previous !== undefined) wire.previous = previousToWire(change.previous);
  if (change.update !== undefined) wire.update = change.update;
  return wire;
}

function updateServiceFromWire(wire: WireUpdateService): Change {
  return {
    kind: "update-service",
    serviceId: wire.serviceId as ServiceId,
    ...expectedVersion(wire),
    frame: specFromJson<ServiceFrame>(wire.frameJson),
    revision: wire.revision,
    ...(isSet(wire.newRevision) && { newRevision: revisionFromWire(wire.newRevision) }),
    ...(isSet(wire.previous) && { previous: previousFromWire(wire.previous) }),
    ...(isSet(wire.update) && { update: updateFromWire(wire.update) }),
  };
}

function expectedVersion(wire: { readonly expectedVersion?: WireUint64 | null }): {
  expectedVersion?: number;
} {
  return isSet(wire.expectedVersion) ? { expectedVersion: fromUint64(wire.expectedVersion) } : {};
}
