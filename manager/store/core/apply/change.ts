/**
 * Which function carries out which change. Each checks its own preconditions and
 * throws a `ClusterError`.
 */
import { assertNever } from "../../../../shared/errors/assert.js";
import type { Change } from "../change.js";
import type { Draft } from "../draft.js";
import { allocateAttachment, putAttachment, removeAttachment } from "./attachment.js";
import { createCluster, updateCluster } from "./cluster.js";
import { createNetwork, removeNetwork, updateNetwork } from "./network.js";
import {
  allocateNode,
  createNode,
  observeNode,
  removeNode,
  setManager,
  updateNode,
} from "./node.js";
import {
  allocateService,
  createService,
  observeRebalance,
  observeUpdate,
  removeRevision,
  removeService,
  updateService,
} from "./service.js";
import { allocateTask, assignTask, createTask, observeTask, removeTask, wantTask } from "./task.js";

/**
 * @throws ClusterError the change does not fit the present state; the draft
 *   must then be rolled back.
 */
export function applyChange(draft: Draft, change: Change): void {
  switch (change.kind) {
    case "create-cluster":
      return createCluster(draft, change.cluster);
    case "update-cluster":
      return updateCluster(draft, change);
    case "create-node":
      return createNode(draft, change.node);
    case "update-node":
      return updateNode(draft, change);
    case "observe-node":
      return observeNode(draft, change);
    case "remove-node":
      return removeNode(draft, change.nodeId);
    case "set-manager":
      return setManager(draft, change);
    case "allocate-node":
      return allocateNode(draft, change);
    case "create-network":
      return createNetwork(draft, change.network);
    case "update-network":
      return updateNetwork(draft, change);
    case "remove-network":
      return removeNetwork(draft, change.networkId);
    case "create-service":
      return createService(draft, change);
    case "update-service":
      return updateService(draft, change);
    case "allocate-service":
      return allocateService(draft, change);
    case "observe-update":
      return observeUpdate(draft, change);
    case "observe-rebalance":
      return observeRebalance(draft, change);
    case "remove-service":
      return removeService(draft, change.serviceId);
    case "remove-revision":
      return removeRevision(draft, change);
    case "create-task":
      return createTask(draft, change.task);
    case "allocate-task":
      return allocateTask(draft, change);
    case "assign-task":
      return assignTask(draft, change);
    case "want-task":
      return wantTask(draft, change);
    case "observe-task":
      return observeTask(draft, change);
    case "remove-task":
      return removeTask(draft, change.taskId);
    case "put-attachment":
      return putAttachment(draft, change.attachment);
    case "allocate-attachment":
      return allocateAttachment(draft, change);
    case "remove-attachment":
      return removeAttachment(draft, change.attachmentId);
    default:
      return assertNever(change);
  }
}
