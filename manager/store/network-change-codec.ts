/** Changes of networks and of what is given on them, proto ↔ model. */
import type { NetworkCreateRequest } from "../../shared/docker-api/network.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import {
  attachmentFromWire,
  attachmentToWire,
  type WireAttachment,
} from "../../shared/rpc/wire/attachment.js";
import { fromUint64, isSet, type WireUint64 } from "../../shared/rpc/wire/fields.js";
import { intern } from "../../shared/rpc/wire/intern.js";
import {
  addressesFromWire,
  endpointFromWire,
  endpointToWire,
  networkFromWire,
  networkToWire,
  subnetFromWire,
  type WireNetwork,
  type WireNetworkAddresses,
  type WireServiceEndpoint,
  type WireSubnet,
} from "../../shared/rpc/wire/network.js";
import { specFromJson, specToJson } from "../../shared/rpc/wire/specs.js";
import type { Change, ChangeOf } from "./core/change.js";

export interface WireNetworkChange {
  createNetwork?: WireNetwork | null;
  updateNetwork?: WireUpdateNetwork | null;
  removeNetwork?: { networkId: string } | null;
  allocateService?: { serviceId: string; endpoint?: WireServiceEndpoint | null } | null;
  allocateNode?: { nodeId: string; gateways: readonly WireNetworkAddresses[] } | null;
  allocateTask?: {
    taskId: string;
    addresses: readonly WireNetworkAddresses[];
    message: string;
  } | null;
  putAttachment?: WireAttachment | null;
  allocateAttachment?: {
    attachmentId: string;
    addresses: readonly WireNetworkAddresses[];
    error?: string | null;
  } | null;
  removeAttachment?: { attachmentId: string } | null;
}

interface WireUpdateNetwork {
  networkId: string;
  expectedVersion?: WireUint64 | null;
  specJson: string;
  subnets: readonly WireSubnet[];
}

type NetworkChange = ChangeOf<
  | "create-network"
  | "update-network"
  | "remove-network"
  | "allocate-service"
  | "allocate-node"
  | "allocate-task"
  | "put-attachment"
  | "allocate-attachment"
  | "remove-attachment"
>;

export function networkChangeToWire(change: NetworkChange): WireNetworkChange {
  switch (change.kind) {
    case "create-network":
      return { createNetwork: networkToWire(change.network) };
    case "update-network": {
      const { networkId, expectedVersion, spec, subnets } = change;
      const specJson = specToJson(spec);
      const version = expectedVersion === undefined ? {} : { expectedVersion };
      return { updateNetwork: { networkId, ...version, specJson, subnets } };
    }
    case "remove-network":
      return { removeNetwork: { networkId: change.networkId } };
    case "allocate-service": {
      const { serviceId, endpoint } = change;
      const given = endpoint === undefined ? {} : { endpoint: endpointToWire(endpoint) };
      return { allocateService: { serviceId, ...given } };
    }
    case "allocate-node":
      return { allocateNode: { nodeId: change.nodeId, gateways: change.gateways } };
    case "allocate-task": {
      const { taskId, addresses, message } = change;
      return { allocateTask: { taskId, addresses, message } };
    }
    case "put-attachment":
      return { putAttachment: attachmentToWire(change.attachment) };
    case "allocate-attachment": {
      const { attachmentId, addresses, error } = change;
      return { allocateAttachment: { attachmentId, addresses, ...(error && { error }) } };
    }
    case "remove-attachment":
      return { removeAttachment: { attachmentId: change.attachmentId } };
  }
}

/** @returns undefined for a change of another kind. */
export function networkChangeFromWire(wire: WireNetworkChange): Change | undefined {
  if (isSet(wire.allocateTask)) {
    const { taskId, addresses, message } = wire.allocateTask;
    return {
      kind: "allocate-task",
      taskId: taskId as TaskId,
      addresses: addressesFromWire(addresses),
      message: intern(message),
    };
  }
  if (isSet(wire.allocateService)) {
    const { serviceId, endpoint } = wire.allocateService;
    return {
      kind: "allocate-service",
      serviceId: serviceId as ServiceId,
      ...(isSet(endpoint) && { endpoint: endpointFromWire(endpoint) }),
    };
  }
  if (isSet(wire.allocateNode)) {
    const { nodeId, gateways } = wire.allocateNode;
    const all = addressesFromWire(gateways);
    return { kind: "allocate-node", nodeId: nodeId as NodeId, gateways: all };
  }
  return ofNetwork(wire) ?? ofAttachment(wire);
}

function ofAttachment(wire: WireNetworkChange): Change | undefined {
  if (isSet(wire.putAttachment))
    return { kind: "put-attachment", attachment: attachmentFromWire(wire.putAttachment) };
  if (isSet(wire.removeAttachment)) {
    const { attachmentId } = wire.removeAttachment;
    return { kind: "remove-attachment", attachmentId: attachmentId as TaskId };
  }
  if (!isSet(wire.allocateAttachment)) return undefined;
  const { attachmentId, addresses, error } = wire.allocateAttachment;
  return {
    kind: "allocate-attachment",
    attachmentId: attachmentId as TaskId,
    addresses: addressesFromWire(addresses),
    ...(isSet(error) && { error }),
  };
}

function ofNetwork(wire: WireNetworkChange): Change | undefined {
  if (isSet(wire.createNetwork))
    return { kind: "create-network", network: networkFromWire(wire.createNetwork) };
  if (isSet(wire.removeNetwork))
    return { kind: "remove-network", networkId: wire.removeNetwork.networkId as NetworkId };
  if (!isSet(wire.updateNetwork)) return undefined;
  const { networkId, expectedVersion, specJson, subnets } = wire.updateNetwork;
  return {
    kind: "update-network",
    networkId: networkId as NetworkId,
    ...(isSet(expectedVersion) && { expectedVersion: fromUint64(expectedVersion) }),
    spec: specFromJson<NetworkCreateRequest>(specJson),
    subnets: subnets.map(subnetFromWire),
  };
}
