/**
 * What a node is told of the cluster's networks: those that it has tasks on, the ingress network
 * and the ports that every node answers on. Everything that the kernel and the answerer of names
 * are to hold is computed from this and nothing else. Addresses are plain text, IPv4 or IPv6.
 */
import type { NodeId, ServiceId, TaskId } from "./ids.js";
import type { PortProtocol } from "./task.js";

export interface NodeNetworks {
  /** Where the other nodes send this one's share of every network. */
  readonly underlay: Underlay;
  readonly networks: readonly OverlayNetwork[];
  readonly ports: readonly IngressPort[];
}

export interface Underlay {
  /** Of this host; packets between the hosts come from it and go to it. */
  readonly address: string;
  /** UDP, the same on all nodes. */
  readonly port: number;
}

export interface OverlayNetwork {
  readonly networkId: string;
  readonly name: string;
  readonly vni: number;
  /** `ingress`: the one that published ports are served over. */
  readonly kind: "overlay" | "ingress";
  /** `closed`: it has no way out of the cluster (Docker's `--internal`). */
  readonly exit: "open" | "closed";
  readonly subnets: readonly Subnet[];
  /** Where the user asked for one; otherwise what the underlay leaves. */
  readonly mtu?: number;
  /** Of this node's gateway; the other nodes know it by heart. */
  readonly gatewayMac: string;
  readonly peers: readonly Peer[];
  /** Of all nodes, whatever state their tasks are in: what is on the wire. */
  readonly endpoints: readonly Endpoint[];
  readonly services: readonly NetworkService[];
}

export interface Subnet {
  /** `10.240.1.0/24` */
  readonly cidr: string;
  /** This node's own address in it. */
  readonly gateway: string;
}

/** Another node on the same network. */
export interface Peer {
  readonly nodeId: NodeId;
  readonly underlay: string;
  readonly gatewayMac: string;
  /** One per subnet. */
  readonly gateways: readonly string[];
}

export interface Endpoint {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** By which the task itself can be found while it serves: its name, its container's, aliases. */
  readonly names: readonly string[];
  /** `silent`: its name stands for nothing, because the task does not run or is not healthy. */
  readonly state: "serving" | "silent";
  /** Not a task, but a container that a user attached; its `taskId` is its own. Absent: a task. */
  readonly kind?: "attachment";
}

export interface NetworkService {
  readonly serviceId: ServiceId;
  readonly name: string;
  readonly aliases: readonly string[];
  /** None where the service's names stand for its tasks (`dnsrr`). */
  readonly vips: readonly string[];
  /** Addresses of the tasks that take new connections: running, healthy, not about to stop. */
  readonly backends: readonly string[];
}

export interface IngressPort {
  readonly protocol: PortProtocol;
  readonly publishedPort: number;
  readonly targetPort: number;
  /** `local`: a node that has tasks of the service uses those alone, and keeps the client's address. */
  readonly spread: "cluster" | "local";
  readonly backends: readonly IngressBackend[];
}

export interface IngressBackend {
  /** On the ingress network. */
  readonly address: string;
  readonly nodeId: NodeId;
}

export function isIpv6(address: string): boolean {
  return address.includes(":");
}
