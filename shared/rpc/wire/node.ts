/** Nodes, proto ↔ model. */
import type { NodeDescription, NodeSpec } from "../../docker-api/node-spec.js";
import type { NodeId } from "../../model/ids.js";
import {
  type ManagerMember,
  type Node,
  NODE_STATES,
  type NodeState,
  type NodeStatus,
} from "../../model/node.js";
import { fromUint64, isSet, type WireUint64 } from "./fields.js";
import { addressesFromWire, type WireNetworkAddresses } from "./network.js";
import { specFromJson, specToJson } from "./specs.js";

export interface WireNode {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  specJson: string;
  descriptionJson?: string | null;
  status: WireNodeStatus;
  manager?: ManagerMember | null;
  gateways?: readonly WireNetworkAddresses[];
}

export interface WireNodeStatus {
  state: string;
  message: string;
  address: string;
}

const KNOWN_STATES: ReadonlySet<string> = new Set(NODE_STATES);

export function nodeToWire(node: Node): WireNode {
  const wire: WireNode = {
    id: node.id,
    version: node.version,
    createdAtMs: node.createdAtMs,
    updatedAtMs: node.updatedAtMs,
    specJson: specToJson(node.spec),
    status: node.status,
  };
  if (node.description !== undefined) wire.descriptionJson = specToJson(node.description);
  if (node.manager !== undefined) wire.manager = node.manager;
  if (node.gateways !== undefined) wire.gateways = node.gateways;
  return wire;
}

export function nodeFromWire(wire: WireNode): Node {
  return {
    id: wire.id as NodeId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    spec: specFromJson<NodeSpec>(wire.specJson),
    ...(isSet(wire.descriptionJson) && {
      description: specFromJson<NodeDescription>(wire.descriptionJson),
    }),
    status: nodeStatusFromWire(wire.status),
    ...(isSet(wire.manager) && { manager: managerFromWire(wire.manager) }),
    ...(wire.gateways?.length && { gateways: addressesFromWire(wire.gateways) }),
  };
}

export function managerFromWire({ memberId, address }: ManagerMember): ManagerMember {
  return { memberId, address };
}

export function nodeStatusFromWire(wire: WireNodeStatus): NodeStatus {
  // A state of a later release: what this one may say of such a node is that it does not know.
  const state = KNOWN_STATES.has(wire.state) ? (wire.state as NodeState) : "unknown";
  return { state, message: wire.message, address: wire.address };
}
