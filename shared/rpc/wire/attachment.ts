/** Containers that users attach to networks, proto ↔ model. */
import type { AttachedNetwork, Attachment } from "../../model/attachment.js";
import type { NetworkId, NodeId, TaskId } from "../../model/ids.js";
import { fromUint64, isSet, type WireUint64 } from "./fields.js";
import { intern } from "./intern.js";
import { addressesFromWire, type WireNetworkAddresses } from "./network.js";

export interface WireAttachment {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  nodeId: string;
  containerName: string;
  containerId: string;
  serving: boolean;
  networks: readonly WireAttachedNetwork[];
  addresses: readonly WireNetworkAddresses[];
  error?: string | null;
}

export interface WireAttachedNetwork {
  networkId: string;
  aliases: readonly string[];
  wanted: readonly string[];
}

export function attachmentToWire({ state, addresses = [], ...rest }: Attachment): WireAttachment {
  return { ...rest, serving: state === "serving", addresses };
}

export function attachmentFromWire(wire: WireAttachment): Attachment {
  const addresses = addressesFromWire(wire.addresses);
  return {
    id: wire.id as TaskId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    nodeId: intern(wire.nodeId) as NodeId,
    containerName: wire.containerName,
    containerId: wire.containerId,
    state: wire.serving ? "serving" : "silent",
    networks: wire.networks.map(attachedNetworkFromWire),
    ...(addresses.length > 0 && { addresses }),
    ...(isSet(wire.error) && { error: wire.error }),
  };
}

function attachedNetworkFromWire(wire: WireAttachedNetwork): AttachedNetwork {
  const { networkId, aliases, wanted } = wire;
  return { networkId: networkId as NetworkId, aliases: [...aliases], wanted: [...wanted] };
}
