/** Networks and the addresses that are given on them, proto ↔ model. */
import type { NetworkCreateRequest } from "../../docker-api/network.js";
import type { NetworkId } from "../../model/ids.js";
import type {
  Network,
  NetworkAddresses,
  NetworkSubnet,
  ServiceEndpoint,
} from "../../model/network.js";
import { fromUint64, isSet, type WireUint64 } from "./fields.js";
import { intern } from "./intern.js";
import { specFromJson, specToJson } from "./specs.js";

export interface WireNetwork {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  specJson: string;
  vni: number;
  subnets: readonly WireSubnet[];
  removedAtMs?: number | null;
}

export interface WireSubnet {
  cidr: string;
  range?: string | null;
  gateway?: string | null;
}

export interface WireNetworkAddresses {
  networkId: string;
  addresses: readonly string[];
}

export interface WireServiceEndpoint {
  portsJson: string;
  vips: readonly WireNetworkAddresses[];
  error?: string | null;
}

export function networkToWire({ spec, ...network }: Network): WireNetwork {
  return { ...network, specJson: specToJson(spec) };
}

export function networkFromWire(wire: WireNetwork): Network {
  return {
    id: wire.id as NetworkId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    spec: specFromJson<NetworkCreateRequest>(wire.specJson),
    vni: wire.vni,
    subnets: wire.subnets.map(subnetFromWire),
    ...(isSet(wire.removedAtMs) && { removedAtMs: wire.removedAtMs }),
  };
}

export function subnetFromWire({ cidr, range, gateway }: WireSubnet): NetworkSubnet {
  return { cidr, ...(isSet(range) && { range }), ...(isSet(gateway) && { gateway }) };
}

export function addressesFromWire(
  wire: readonly WireNetworkAddresses[],
): readonly NetworkAddresses[] {
  return wire.map(({ networkId, addresses }) => ({
    networkId: intern(networkId) as NetworkId,
    addresses: [...addresses],
  }));
}

export function endpointToWire({ ports, vips, error }: ServiceEndpoint): WireServiceEndpoint {
  return { portsJson: specToJson(ports), vips, ...(error !== undefined && { error }) };
}

export function endpointFromWire({ portsJson, vips, error }: WireServiceEndpoint): ServiceEndpoint {
  return {
    ports: specFromJson(portsJson),
    vips: addressesFromWire(vips),
    ...(isSet(error) && { error }),
  };
}
