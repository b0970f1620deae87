/** A task template: what each task of a service runs, where it may run and when it is run again. */
import { type Static, Type } from "@sinclair/typebox";

import { ContainerSpec } from "./container-spec.js";
import { Driver } from "./driver.js";
import { Platform } from "./platform.js";
import { Limit, ResourceObject } from "./resources.js";
import {
  choice,
  Flag,
  Int64,
  Nanoseconds,
  struct,
  Text,
  TextList,
  TextMap,
  Uint64,
} from "./schema.js";

export const PluginPrivilege = struct({ Name: Text, Description: Text, Value: TextList });
export type PluginPrivilege = Static<typeof PluginPrivilege>;

export const PluginSpec = struct({
  Name: Text,
  Remote: Text,
  Disabled: Flag,
  PluginPrivilege: Type.Array(PluginPrivilege),
});
export type PluginSpec = Static<typeof PluginSpec>;

/**
 * Set by the server alone, for a container that was attached to a network from outside any service.
 */
export const NetworkAttachmentSpec = struct({ ContainerID: Text });
export type NetworkAttachmentSpec = Static<typeof NetworkAttachmentSpec>;

export const ResourceRequirements = struct({
  Limits: Limit,
  Reservations: ResourceObject,
  SwapBytes: Int64,
  MemorySwappiness: Int64,
});
export type ResourceRequirements = Static<typeof ResourceRequirements>;

export const RestartPolicy = struct({
  Condition: choice("none", "on-failure", "any"),
  Delay: Nanoseconds,
  /** 0 means without end. */
  MaxAttempts: Uint64,
  /** The time in which attempts are counted; 0 means ever. */
  Window: Nanoseconds,
});
export type RestartPolicy = Static<typeof RestartPolicy>;

export const PlacementPreference = struct({ Spread: struct({ SpreadDescriptor: Text }) });
export type PlacementPreference = Static<typeof PlacementPreference>;

export const Placement = struct({
  Constraints: TextList,
  Preferences: Type.Array(PlacementPreference),
  /** Per node; 0 means as many as fit. */
  MaxReplicas: Uint64,
  Platforms: Type.Array(Platform),
});
export type Placement = Static<typeof Placement>;

export const NetworkAttachmentConfig = struct({
  /** A network's id or name. */
  Target: Text,
  Aliases: TextList,
  DriverOpts: TextMap,
});
export type NetworkAttachmentConfig = Static<typeof NetworkAttachmentConfig>;

export const TaskSpec = struct({
  PluginSpec,
  ContainerSpec,
  NetworkAttachmentSpec,
  Resources: ResourceRequirements,
  RestartPolicy,
  Placement,
  /** Counted up by the user to replace every task although nothing else changed. */
  ForceUpdate: Uint64,
  Runtime: Text,
  Networks: Type.Array(NetworkAttachmentConfig),
  LogDriver: Driver,
});
export type TaskSpec = Static<typeof TaskSpec>;
