/**
 * A node: one host. Its spec (role, availability, labels) is the user's; its description is what
 * the host says of itself; its status is what the managers observe.
 */
import type { NodeDescription, NodeSpec } from "../docker-api/node-spec.js";
import type { NodeId } from "./ids.js";
import type { NetworkAddresses } from "./network.js";

export interface Node {
  readonly id: NodeId;
  /** Sequence number of the store at the last change by a user. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly spec: NodeSpec;
  /** Absent until the node's first session. */
  readonly description?: NodeDescription;
  readonly status: NodeStatus;
  /** Its own addresses on the networks that it serves; absent where there are none. */
  readonly gateways?: readonly NetworkAddresses[];
  /** While it takes part in consensus, or is about to. */
  readonly manager?: ManagerMember;
}

/** What of a node the managers agree through. */
export interface ManagerMember {
  /** Its name in consensus: a new one each time that it becomes a manager. */
  readonly memberId: string;
  /** `host:port` at which the other managers find it; empty while it has not said that. */
  readonly address: string;
}

export const NODE_STATES = ["unknown", "ready", "down", "disconnected"] as const;
export type NodeState = (typeof NODE_STATES)[number];

export interface NodeStatus {
  readonly state: NodeState;
  /** Why, where it is not ready: "heartbeat failure". */
  readonly message: string;
  /** Address from which the node reached a manager, without a port. */
  readonly address: string;
}

export const NODE_ROLES = ["worker", "manager"] as const;
export type NodeRole = (typeof NODE_ROLES)[number];

export const AVAILABILITIES = ["active", "pause", "drain"] as const;
export type Availability = (typeof AVAILABILITIES)[number];

/** What the user wants the node to be. */
export function nodeRole(node: Node): NodeRole {
  return node.spec.Role ?? "worker";
}

/** What the host itself is to be: a manager manages on until the others have let it go. */
export function presentRole(node: Node): NodeRole {
  return node.manager === undefined ? nodeRole(node) : "manager";
}

export function nodeAvailability(node: Node): Availability {
  return node.spec.Availability ?? "active";
}

/** When a drained node's tasks must be gone whatever replaces them (wall ms); undefined: never. */
export function drainDeadlineMs(node: Node): number | undefined {
  const deadlineMs = Date.parse(node.spec.DrainDeadline ?? "");
  if (nodeAvailability(node) !== "drain" || Number.isNaN(deadlineMs)) return undefined;
  return deadlineMs;
}

/** The host's own name, or its id before it has said one. */
/** Where the other hosts send this one's share of networks; empty where nobody knows. */
export function underlayAddress({ description, status }: Node): string {
  return description?.Network?.DataPathAddr || status.address;
}

export function nodeHostname(node: Node): string {
  return node.description?.Hostname ?? node.id;
}

/** What the host can do for tasks on networks: `overlay` where its kernel can have them. */
export function hasNetworkPlugin({ description }: Node, name: string): boolean {
  const known = description?.Engine?.Plugins ?? [];
  return known.some((plugin) => plugin.Type === "Network" && plugin.Name === name);
}
