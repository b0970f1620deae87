/**
 * The cluster itself: what the user declares of it, and the requests that make, join, leave and
 * unlock one.
 */
import { type Static, Type } from "@sinclair/typebox";

import { Driver } from "./driver.js";
import { OBJECT_FIELDS } from "./object-version.js";
import {
  choice,
  Flag,
  Int64,
  Nanoseconds,
  reply,
  struct,
  Text,
  TextList,
  TextMap,
  Uint32,
  Uint64,
} from "./schema.js";
import { TLSInfo } from "./tls-info.js";

export const PlacementStrategy = choice("spread", "binpack");
export type PlacementStrategy = Static<typeof PlacementStrategy>;

/** Ours, not Docker's: tasks that move to where there are fewer of their service. */
export const RebalanceConfig = struct({
  /** By the cluster itself when nodes come back, or only when a user asks for it. */
  When: choice("on-request", "on-return"),
  /** Tasks of a service at a time. */
  Parallelism: Uint64,
  /** How long a node must be back before, and how long a service is left alone after. */
  CoolDown: Nanoseconds,
});
export type RebalanceConfig = Static<typeof RebalanceConfig>;

/** Ours, not Docker's: the wait on top of a service's own delay for tasks that keep failing. */
export const RestartBackOff = struct({
  /** Restarts in a row that wait for the service's delay alone. */
  FreeRestarts: Uint64,
  /** After these, and twice as long each time. */
  First: Nanoseconds,
  Limit: Nanoseconds,
});
export type RestartBackOff = Static<typeof RestartBackOff>;

/** Ours, not Docker's: a node where a service fails so many times within such a time is tried last. */
export const NodeAvoidance = struct({
  /** 0: none is avoided. */
  Failures: Uint64,
  Within: Nanoseconds,
});
export type NodeAvoidance = Static<typeof NodeAvoidance>;

export const OrchestrationConfig = struct({
  /** A negative limit keeps every finished task. */
  TaskHistoryRetentionLimit: Int64,
  /** Ours, not Docker's: tasks go to the node that has the most room, or to the fullest that has some. */
  PlacementStrategy,
  Rebalance: RebalanceConfig,
  RestartBackOff,
  NodeAvoidance,
  /** Ours: how long a node may be down before its tasks are given up, and what they hold is free. */
  OrphanAfter: Nanoseconds,
  /** Ours: how long after a task's grace period its successor starts although it still stops. */
  StopPatience: Nanoseconds,
});
export type OrchestrationConfig = Static<typeof OrchestrationConfig>;

export const RaftConfig = struct({
  SnapshotInterval: Uint64,
  KeepOldSnapshots: Uint64,
  LogEntriesForSlowFollowers: Uint64,
  ElectionTick: Int64,
  HeartbeatTick: Int64,
});
export type RaftConfig = Static<typeof RaftConfig>;

export const DispatcherConfig = struct({
  HeartbeatPeriod: Nanoseconds,
  /** Ours: how long a node may be silent before it is down; three heartbeats at least. */
  SilenceLimit: Nanoseconds,
  /** Ours: how long a node whose daemon ended its session may be away before it is down. */
  SessionLimit: Nanoseconds,
  /** Ours: how long a node's engine may be away before the node is down. */
  EngineLimit: Nanoseconds,
});
export type DispatcherConfig = Static<typeof DispatcherConfig>;

export const ExternalCA = struct({
  Protocol: choice("cfssl"),
  URL: Text,
  Options: TextMap,
  CACert: Text,
});
export type ExternalCA = Static<typeof ExternalCA>;

export const CAConfig = struct({
  NodeCertExpiry: Nanoseconds,
  ExternalCAs: Type.Array(ExternalCA),
  SigningCACert: Text,
  SigningCAKey: Text,
  ForceRotate: Uint64,
});
export type CAConfig = Static<typeof CAConfig>;

export const EncryptionConfig = struct({ AutoLockManagers: Flag });
export type EncryptionConfig = Static<typeof EncryptionConfig>;

export const TaskDefaults = struct({ LogDriver: Driver });
export type TaskDefaults = Static<typeof TaskDefaults>;

export const SwarmSpec = struct({
  Name: Text,
  Labels: TextMap,
  Orchestration: OrchestrationConfig,
  Raft: RaftConfig,
  Dispatcher: DispatcherConfig,
  CAConfig,
  EncryptionConfig,
  TaskDefaults,
});
export type SwarmSpec = Static<typeof SwarmSpec>;

const NodeAvailability = choice("active", "pause", "drain");

export const SwarmInitRequest = struct({
  ListenAddr: Text,
  AdvertiseAddr: Text,
  DataPathAddr: Text,
  DataPathPort: Uint32,
  DefaultAddrPool: TextList,
  ForceNewCluster: Flag,
  SubnetSize: Uint32,
  Spec: SwarmSpec,
  AutoLockManagers: Flag,
  Availability: NodeAvailability,
});
export type SwarmInitRequest = Static<typeof SwarmInitRequest>;

export const SwarmJoinRequest = struct({
  ListenAddr: Text,
  AdvertiseAddr: Text,
  DataPathAddr: Text,
  RemoteAddrs: TextList,
  JoinToken: Text,
  Availability: NodeAvailability,
});
export type SwarmJoinRequest = Static<typeof SwarmJoinRequest>;

export const SwarmUnlockRequest = struct({ UnlockKey: Text });
export type SwarmUnlockRequest = Static<typeof SwarmUnlockRequest>;

export const UnlockKeyResponse = reply({ UnlockKey: Text }, {});
export type UnlockKeyResponse = Static<typeof UnlockKeyResponse>;

export const JoinTokens = reply({ Worker: Text, Manager: Text }, {});
export type JoinTokens = Static<typeof JoinTokens>;

const CLUSTER_FIELDS = { ...OBJECT_FIELDS, Spec: SwarmSpec };
const CLUSTER_DETAILS = {
  TLSInfo,
  RootRotationInProgress: Flag,
  DataPathPort: Uint32,
  DefaultAddrPool: TextList,
  SubnetSize: Uint32,
};

/** The cluster as `/info` shows it: without the join tokens. */
export const ClusterInfo = reply(CLUSTER_FIELDS, CLUSTER_DETAILS);
export type ClusterInfo = Static<typeof ClusterInfo>;

/** The cluster as `GET /swarm` shows it. */
export const Swarm = reply({ ...CLUSTER_FIELDS, JoinTokens }, CLUSTER_DETAILS);
export type Swarm = Static<typeof Swarm>;
