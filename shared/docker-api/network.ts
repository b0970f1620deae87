/** Networks: the request that makes one, and what the engine and the cluster show of it. */
import { type Static, Type } from "@sinclair/typebox";

import { Driver } from "./driver.js";
import { ObjectVersion } from "./object-version.js";
import {
  Flag,
  mapOf,
  reply,
  struct,
  Text,
  TextList,
  TextMap,
  Timestamp,
  Uint64,
} from "./schema.js";

export const ConfigReference = struct({ Network: Text });
export type ConfigReference = Static<typeof ConfigReference>;

export const IPAMConfig = struct({
  Subnet: Text,
  IPRange: Text,
  Gateway: Text,
  AuxiliaryAddresses: TextMap,
});
export type IPAMConfig = Static<typeof IPAMConfig>;

export const IPAM = struct({ Driver: Text, Config: Type.Array(IPAMConfig), Options: TextMap });
export type IPAM = Static<typeof IPAM>;

export const PeerInfo = struct({ Name: Text, IP: Text });
export type PeerInfo = Static<typeof PeerInfo>;

const NETWORK_DETAILS = {
  Created: Timestamp,
  Scope: Text,
  Driver: Text,
  EnableIPv4: Flag,
  EnableIPv6: Flag,
  IPAM,
  Internal: Flag,
  Attachable: Flag,
  Ingress: Flag,
  ConfigFrom: ConfigReference,
  ConfigOnly: Flag,
  Options: TextMap,
  Labels: TextMap,
  Peers: Type.Array(PeerInfo),
};

export const Network = reply({ Name: Text, Id: Text }, NETWORK_DETAILS);
export type Network = Static<typeof Network>;

export const NetworkSummary = Network;
export type NetworkSummary = Network;

export const EndpointResource = struct({
  Name: Text,
  EndpointID: Text,
  MacAddress: Text,
  IPv4Address: Text,
  IPv6Address: Text,
});
export type EndpointResource = Static<typeof EndpointResource>;

/** With `verbose=true`: how the tasks of a service are reached on the network. */
export const NetworkServiceInfo = struct({
  VIP: Text,
  Ports: TextList,
  LocalLBIndex: Uint64,
  Tasks: Type.Array(struct({ Name: Text, EndpointID: Text, EndpointIP: Text, Info: TextMap })),
});
export type NetworkServiceInfo = Static<typeof NetworkServiceInfo>;

export const SubnetStatus = struct({ IPsInUse: Uint64, DynamicIPsAvailable: Uint64 });
export type SubnetStatus = Static<typeof SubnetStatus>;

export const IPAMStatus = struct({ Subnets: mapOf(SubnetStatus) });
export type IPAMStatus = Static<typeof IPAMStatus>;

export const NetworkStatus = struct({ IPAM: IPAMStatus });
export type NetworkStatus = Static<typeof NetworkStatus>;

export const NetworkInspect = reply(
  { Name: Text, Id: Text },
  {
    ...NETWORK_DETAILS,
    Containers: mapOf(EndpointResource),
    Services: mapOf(NetworkServiceInfo),
    Status: NetworkStatus,
  },
);
export type NetworkInspect = Static<typeof NetworkInspect>;

export const NetworkCreateRequest = struct({
  Name: Text,
  Driver: Text,
  Scope: Text,
  Internal: Flag,
  Attachable: Flag,
  Ingress: Flag,
  ConfigOnly: Flag,
  ConfigFrom: ConfigReference,
  IPAM,
  EnableIPv4: Flag,
  EnableIPv6: Flag,
  Options: TextMap,
  Labels: TextMap,
});
export type NetworkCreateRequest = Static<typeof NetworkCreateRequest>;

/** Skep's own: what `POST /skep/v1/networks/{id}/update` takes. */
export const NetworkUpdateRequest = struct({ AddSubnets: Type.Array(IPAMConfig) });
export type NetworkUpdateRequest = Static<typeof NetworkUpdateRequest>;

export const NetworkCreateResponse = reply({ Id: Text, Warning: Text }, {});
export type NetworkCreateResponse = Static<typeof NetworkCreateResponse>;

export const NetworkPruneResponse = struct({ NetworksDeleted: TextList });
export type NetworkPruneResponse = Static<typeof NetworkPruneResponse>;

const ClusterIPAM = struct({
  Driver,
  Configs: Type.Array(struct({ Subnet: Text, Range: Text, Gateway: Text })),
});

/**
 * A network as a task's attachment shows it. The description gives it `Network`'s fields; the
 * engine in fact writes the cluster's own form (`ID`, `Spec`, `IPAMOptions`), which Traefik and
 * Prometheus read.
 */
export const AttachedNetwork = struct({
  ID: Text,
  Version: ObjectVersion,
  CreatedAt: Timestamp,
  UpdatedAt: Timestamp,
  Spec: struct({
    Name: Text,
    Labels: TextMap,
    DriverConfiguration: Driver,
    IPv6Enabled: Flag,
    Internal: Flag,
    Attachable: Flag,
    Ingress: Flag,
    IPAMOptions: ClusterIPAM,
    ConfigFrom: ConfigReference,
    Scope: Text,
  }),
  DriverState: Driver,
  IPAMOptions: ClusterIPAM,
});
export type AttachedNetwork = Static<typeof AttachedNetwork>;
