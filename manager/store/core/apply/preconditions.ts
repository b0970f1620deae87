/** What most changes ask first: that the object is there, and in the version that was read. */
import {
  NotFoundError,
  type ObjectKind,
  StaleVersionError,
} from "../../../../shared/errors/cluster-error.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../../shared/model/ids.js";
import type { Network } from "../../../../shared/model/network.js";
import type { Node } from "../../../../shared/model/node.js";
import type { Service } from "../../../../shared/model/service.js";
import type { Task } from "../../../../shared/model/task.js";
import type { State } from "../state.js";

export function existingNode(state: State, id: NodeId): Node {
  const node = state.node(id);
  if (node === undefined) throw new NotFoundError("node", id);
  return node;
}

export function existingNetwork(state: State, id: NetworkId): Network {
  const network = state.network(id);
  if (network === undefined) throw new NotFoundError("network", id);
  return network;
}

export function existingService(state: State, id: ServiceId): Service {
  const service = state.service(id);
  if (service === undefined) throw new NotFoundError("service", id);
  return service;
}

export function existingTask(state: State, id: TaskId): Task {
  const task = state.task(id);
  if (task === undefined) throw new NotFoundError("task", id);
  return task;
}

/** @param sent absent where the change does not hang on what was read. */
export function expectVersion(
  kind: ObjectKind,
  object: { readonly id: string; readonly version: number },
  sent: number | undefined,
): void {
  if (sent !== undefined && sent !== object.version)
    throw new StaleVersionError(kind, object.id, { sent, current: object.version });
}
