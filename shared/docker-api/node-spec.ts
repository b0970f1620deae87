/** A node: what the user declares of it, what it says of itself, and how the managers see it. */
import { type Static, Type } from "@sinclair/typebox";

import { OBJECT_FIELDS } from "./object-version.js";
import { Platform } from "./platform.js";
import { ResourceObject } from "./resources.js";
import {
  choice,
  Flag,
  Nanoseconds,
  reply,
  struct,
  Text,
  TextList,
  TextMap,
  Timestamp,
} from "./schema.js";
import { TLSInfo } from "./tls-info.js";

export const NodeSpec = struct({
  Name: Text,
  Labels: TextMap,
  Role: choice("worker", "manager"),
  Availability: choice("active", "pause", "drain"),
  /**
   * Ours, not Docker's: until when a task may stay on a drained node while what replaces it starts.
   * Absent: until that runs.
   */
  DrainDeadline: Timestamp,
});
export type NodeSpec = Static<typeof NodeSpec>;

/** As it comes from a user: role and availability may be any words until somebody has looked. */
export const WrittenNodeSpec = struct({
  Name: Text,
  Labels: TextMap,
  Role: Text,
  Availability: Text,
  DrainDeadline: Timestamp,
});
export type WrittenNodeSpec = Static<typeof WrittenNodeSpec>;

/** `POST /skep/v1/nodes/{id}/drain`. */
export const NodeDrainRequest = struct({
  /** From now on; absent: without end. */
  Within: Nanoseconds,
});
export type NodeDrainRequest = Static<typeof NodeDrainRequest>;

export const PluginDescription = struct({ Type: Text, Name: Text });
export type PluginDescription = Static<typeof PluginDescription>;

export const EngineDescription = struct({
  EngineVersion: Text,
  Labels: TextMap,
  Plugins: Type.Array(PluginDescription),
});
export type EngineDescription = Static<typeof EngineDescription>;

/** Ours, not Docker's. */
export const NetworkDescription = struct({
  /** Where the other hosts send this one's share of networks, where that is not its address. */
  DataPathAddr: Text,
  /** Subnets that it has routes of its own to. */
  Routes: TextList,
});
export type NetworkDescription = Static<typeof NetworkDescription>;

export const NodeDescription = struct({
  Hostname: Text,
  Platform,
  Resources: ResourceObject,
  Engine: EngineDescription,
  TLSInfo,
  Network: NetworkDescription,
});
export type NodeDescription = Static<typeof NodeDescription>;

export const NodeState = choice("unknown", "down", "ready", "disconnected");
export type NodeState = Static<typeof NodeState>;

export const NodeStatus = struct({ State: NodeState, Message: Text, Addr: Text });
export type NodeStatus = Static<typeof NodeStatus>;

export const Reachability = choice("unknown", "unreachable", "reachable");
export type Reachability = Static<typeof Reachability>;

/** Absent on a worker. Docker leaves out `Leader` when it is false. */
export const ManagerStatus = struct({ Leader: Flag, Reachability, Addr: Text });
export type ManagerStatus = Static<typeof ManagerStatus>;

export const Node = reply(
  { ...OBJECT_FIELDS, Spec: NodeSpec, Description: NodeDescription, Status: NodeStatus },
  { ManagerStatus },
);
export type Node = Static<typeof Node>;
