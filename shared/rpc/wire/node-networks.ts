/** What a node is told of the cluster's networks, proto ↔ model. */
import type { NodeId, ServiceId, TaskId } from "../../model/ids.js";
import type {
  Endpoint,
  IngressPort,
  NetworkService,
  NodeNetworks,
  OverlayNetwork,
  Peer,
  Subnet,
} from "../../model/node-networks.js";
import type { PortProtocol } from "../../model/task.js";
import { isSet } from "./fields.js";

export interface WireNodeNetworks {
  underlayAddress: string;
  underlayPort: number;
  networks: readonly WireNetwork[];
  ports: readonly WirePort[];
}

interface WireNetwork {
  networkId: string;
  name: string;
  vni: number;
  ingress: boolean;
  closed: boolean;
  subnets: readonly Subnet[];
  mtu?: number | null;
  gatewayMac: string;
  peers: readonly WirePeer[];
  endpoints: readonly WireEndpoint[];
  services: readonly WireNetworkService[];
}

type WirePeer = Omit<Peer, "nodeId"> & { readonly nodeId: string };

interface WireEndpoint {
  taskId: string;
  nodeId: string;
  mac: string;
  addresses: readonly string[];
  names: readonly string[];
  serving: boolean;
  attached: boolean;
}

type WireNetworkService = Omit<NetworkService, "serviceId"> & { readonly serviceId: string };

interface WirePort {
  protocol: string;
  publishedPort: number;
  targetPort: number;
  local: boolean;
  backends: readonly { address: string; nodeId: string }[];
}

export function nodeNetworksToWire({ underlay, networks, ports }: NodeNetworks): WireNodeNetworks {
  return {
    underlayAddress: underlay.address,
    underlayPort: underlay.port,
    networks: networks.map(networkToWire),
    ports: ports.map(({ spread, ...port }) => ({ ...port, local: spread === "local" })),
  };
}

export function nodeNetworksFromWire(wire: WireNodeNetworks): NodeNetworks {
  return {
    underlay: { address: wire.underlayAddress, port: wire.underlayPort },
    networks: wire.networks.map(networkFromWire),
    ports: wire.ports.map(portFromWire),
  };
}

function networkToWire({ kind, exit, endpoints, ...network }: OverlayNetwork): WireNetwork {
  return {
    ...network,
    ingress: kind === "ingress",
    closed: exit === "closed",
    endpoints: endpoints.map(endpointToWire),
  };
}

function networkFromWire(wire: WireNetwork): OverlayNetwork {
  return {
    networkId: wire.networkId,
    name: wire.name,
    vni: wire.vni,
    kind: wire.ingress ? "ingress" : "overlay",
    exit: wire.closed ? "closed" : "open",
    subnets: wire.subnets.map(({ cidr, gateway }) => ({ cidr, gateway })),
    ...(isSet(wire.mtu) && { mtu: wire.mtu }),
    gatewayMac: wire.gatewayMac,
    peers: wire.peers.map(peerFromWire),
    endpoints: wire.endpoints.map(endpointFromWire),
    services: wire.services.map(serviceFromWire),
  };
}

function peerFromWire({ nodeId, underlay, gatewayMac, gateways }: WirePeer): Peer {
  return { nodeId: nodeId as NodeId, underlay, gatewayMac, gateways: [...gateways] };
}

function endpointToWire({ state, kind, ...one }: Endpoint): WireEndpoint {
  return { ...one, serving: state === "serving", attached: kind === "attachment" };
}

function endpointFromWire(wire: WireEndpoint): Endpoint {
  return {
    taskId: wire.taskId as TaskId,
    nodeId: wire.nodeId as NodeId,
    mac: wire.mac,
    addresses: [...wire.addresses],
    names: [...wire.names],
    state: wire.serving ? "serving" : "silent",
    ...(wire.attached && { kind: "attachment" as const }),
  };
}

function serviceFromWire(wire: WireNetworkService): NetworkService {
  return {
    serviceId: wire.serviceId as ServiceId,
    name: wire.name,
    aliases: [...wire.aliases],
    vips: [...wire.vips],
    backends: [...wire.backends],
  };
}

function portFromWire(wire: WirePort): IngressPort {
  return {
    protocol: wire.protocol as PortProtocol,
    publishedPort: wire.publishedPort,
    targetPort: wire.targetPort,
    spread: wire.local ? "local" : "cluster",
    backends: wire.backends.map(({ address, nodeId }) => ({ address, nodeId: nodeId as NodeId })),
  };
}
