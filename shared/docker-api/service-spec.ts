/** A service: what the user declares of it, and how far the cluster has come with it. */
import { type Static, Type } from "@sinclair/typebox";

import { Endpoint, EndpointSpec } from "./endpoint.js";
import { JobIteration, OBJECT_FIELDS } from "./object-version.js";
import { choice, Nanoseconds, reply, struct, Text, TextMap, Timestamp, Uint64 } from "./schema.js";
import { NetworkAttachmentConfig, TaskSpec } from "./task-spec.js";

export const ReplicatedService = struct({ Replicas: Uint64 });
export type ReplicatedService = Static<typeof ReplicatedService>;

export const ReplicatedJob = struct({ MaxConcurrent: Uint64, TotalCompletions: Uint64 });
export type ReplicatedJob = Static<typeof ReplicatedJob>;

/** At most one is set; none means replicated. */
export const ServiceMode = struct({
  Replicated: ReplicatedService,
  Global: struct({}),
  ReplicatedJob,
  GlobalJob: struct({}),
});
export type ServiceMode = Static<typeof ServiceMode>;

const UPDATE_FIELDS = {
  /** Slots at a time; 0 means all at once. */
  Parallelism: Uint64,
  Delay: Nanoseconds,
  Monitor: Nanoseconds,
  /** From 0 to 1. */
  MaxFailureRatio: Type.Number(),
  Order: choice("stop-first", "start-first"),
};

export const UpdateConfig = struct({
  ...UPDATE_FIELDS,
  FailureAction: choice("continue", "pause", "rollback"),
});
export type UpdateConfig = Static<typeof UpdateConfig>;

/** As an update's, but there is nothing left to roll back to. */
export const RollbackConfig = struct({
  ...UPDATE_FIELDS,
  FailureAction: choice("continue", "pause"),
});
export type RollbackConfig = Static<typeof RollbackConfig>;

export const ServiceSpec = struct({
  Name: Text,
  Labels: TextMap,
  TaskTemplate: TaskSpec,
  Mode: ServiceMode,
  UpdateConfig,
  RollbackConfig,
  /** The old place; `TaskTemplate.Networks` is the one that counts. */
  Networks: Type.Array(NetworkAttachmentConfig),
  EndpointSpec,
});
export type ServiceSpec = Static<typeof ServiceSpec>;

/** All of a service but its task template, which its revisions hold. */
export type ServiceFrame = Omit<ServiceSpec, "TaskTemplate">;

export const UpdateState = choice(
  "updating",
  "paused",
  "completed",
  "rollback_started",
  "rollback_paused",
  "rollback_completed",
);
export type UpdateState = Static<typeof UpdateState>;

export const UpdateStatus = struct({
  State: UpdateState,
  StartedAt: Timestamp,
  CompletedAt: Timestamp,
  Message: Text,
});
export type UpdateStatus = Static<typeof UpdateStatus>;

/** Ours, not Docker's: how the last rebalance fares, since the last change of the service. */
export const RebalanceStatus = struct({
  State: choice("rebalancing", "completed"),
  /** Whose wish it was. */
  By: choice("user", "cluster"),
  StartedAt: Timestamp,
  CompletedAt: Timestamp,
  /** Tasks that have moved. */
  Moved: Uint64,
  /** Ids of the nodes on which no task came up. */
  Avoided: Type.Array(Text),
  Message: Text,
});
export type RebalanceStatus = Static<typeof RebalanceStatus>;

/** Sent where the list was asked for with `status=true`. */
export const ServiceStatus = reply(
  { RunningTasks: Uint64, DesiredTasks: Uint64, CompletedTasks: Uint64 },
  {},
);
export type ServiceStatus = Static<typeof ServiceStatus>;

export const JobStatus = reply({ JobIteration }, { LastExecution: Timestamp });
export type JobStatus = Static<typeof JobStatus>;

export const Service = reply(
  { ...OBJECT_FIELDS, Spec: ServiceSpec, Endpoint },
  { PreviousSpec: ServiceSpec, UpdateStatus, RebalanceStatus, ServiceStatus, JobStatus },
);
export type Service = Static<typeof Service>;

/** Go clients read `null` and a missing list alike; Docker writes `null`. */
const Warnings = Type.Union([Type.Array(Text), Type.Null()]);

export const ServiceCreateResponse = reply({ ID: Text }, { Warnings });
export type ServiceCreateResponse = Static<typeof ServiceCreateResponse>;

export const ServiceUpdateResponse = struct({ Warnings });
export type ServiceUpdateResponse = Static<typeof ServiceUpdateResponse>;
