/**
 * Networks that span hosts: what the user asked for, the subnets they were given and the addresses
 * that tasks, services and nodes have on them. Those that every host has of its own are named here.
 */
import type { EndpointPortConfig } from "../docker-api/endpoint.js";
import type { NetworkCreateRequest } from "../docker-api/network.js";
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { NetworkId } from "./ids.js";
import type { Revision } from "./revision.js";

export interface Network {
  readonly id: NetworkId;
  /** Sequence number of the store at the last change by a user. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Completed at the gate; what it leaves open (subnets) stands beside it. */
  readonly spec: NetworkCreateRequest;
  /** Which VXLAN the network is: no other network has it. */
  readonly vni: number;
  /** In the order in which addresses are taken from them. */
  readonly subnets: readonly NetworkSubnet[];
  /**
   * Removed by its user. It has no name any more and nobody new comes on it, but its VXLAN and its
   * subnets are its own until the last task on it has ended.
   */
  readonly removedAtMs?: number;
}

export interface NetworkSubnet {
  /** `10.240.1.0/24`, the address being the lowest one. */
  readonly cidr: string;
  /** Addresses are taken from this part of it alone. */
  readonly range?: string;
  /** What the user means as gateway: kept free. Nodes have gateway addresses of their own. */
  readonly gateway?: string;
}

/** Without the length of their prefix, one per family (of nodes: one per subnet). */
export interface NetworkAddresses {
  readonly networkId: NetworkId;
  readonly addresses: readonly string[];
}

/** What came of the wish of a service to be reached. */
export interface ServiceEndpoint {
  /** All of the spec's ports; those in the mesh have their numbers. */
  readonly ports: readonly EndpointPortConfig[];
  readonly vips: readonly NetworkAddresses[];
  /** Why something of it could not be had: shown on the service's tasks. */
  readonly error?: string;
}

/** Every host has these; they need nobody to make them. */
export const PREDEFINED_NETWORKS: readonly string[] = ["host", "none", "bridge"];

/** On what an engine has of a network of the cluster: the network's id. */
export const ENGINE_NETWORK_LABEL = "skep.network.id";
/** And its name. */
export const ENGINE_NETWORK_NAME_LABEL = "skep.network.name";

/** The networks of a template that span hosts: ids, as the gate stores them. */
export function overlayTargets({ Networks: networks = [] }: TaskSpec): readonly NetworkId[] {
  const targets = networks.map(({ Target: target = "" }) => target);
  return [...new Set(targets)].filter((target) => !isPredefined(target)) as NetworkId[];
}

function isPredefined(target: string): boolean {
  return PREDEFINED_NETWORKS.includes(target);
}

/** The drivers that a host must have to run tasks of the revision; what it lists as plugins. */
export function neededNetworkPlugins({
  mesh,
  template,
}: Pick<Revision, "mesh" | "template">): readonly string[] {
  const isOnNetworks = mesh !== undefined || overlayTargets(template).length > 0;
  return isOnNetworks ? ["overlay"] : [];
}

/** For users, and for what is new: one that was removed is none of theirs. */
export function isRemoved(network: Network): boolean {
  return network.removedAtMs !== undefined;
}

export function isIngress(network: Network): boolean {
  return network.spec.Ingress === true;
}

/** The name of a network; the gate lets none in without one. */
export function networkName({ Name: name = "" }: NetworkCreateRequest): string {
  return name;
}
