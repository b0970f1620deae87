/**
 * Fills in what a spec leaves open, once, at the gate. The completed spec is what is stored, so
 * that a later release with other defaults cannot change what a running service means.
 *
 * The values are Docker's (moby's conversion of a spec and SwarmKit's own defaults), but for the
 * heartbeat period and the ticks of consensus, which are 50 ms long (Docker's: a second). As in Docker a part that is missing whole gets all its defaults, while in a
 * part that is given a missing number is Go's zero: no `UpdateConfig` means one slot at a time, an
 * `UpdateConfig` without `Parallelism` means all at once.
 *
 * Pure; completing twice is the same as once; fields that we do not know stay.
 */
import type { Static, TSchema } from "@sinclair/typebox";

import { canonicalForm } from "./canonical-form.js";
import type { ContainerSpec } from "./container-spec.js";
import type { EndpointSpec } from "./endpoint.js";
import {
  type RollbackConfig,
  type ServiceMode,
  ServiceSpec,
  type UpdateConfig,
} from "./service-spec.js";
import { SwarmSpec } from "./swarm-spec.js";
import type { RestartPolicy, TaskSpec } from "./task-spec.js";

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;

const RESTART_DELAY_NS = 5 * NS_PER_S;
const UPDATE_MONITOR_NS = 5 * NS_PER_S;
const STOP_GRACE_PERIOD_NS = 10 * NS_PER_S;
/** Docker's is 5 s; ours is a tenth of it so that a lost host is noticed in seconds. */
const HEARTBEAT_PERIOD_NS = 500 * NS_PER_MS;
/** Longer than a host takes that starts, fails and starts again. */
const REBALANCE_COOL_DOWN_NS = 60 * NS_PER_S;
const NODE_CERT_EXPIRY_NS = 90 * 24 * 3600 * NS_PER_S;

/** What no update config at all means. */
const ONE_AT_A_TIME: RollbackConfig = { Parallelism: 1 };

/** A spec in which what every service has is there. */
export type CompleteServiceSpec = ServiceSpec &
  Required<Pick<ServiceSpec, "Labels" | "Mode" | "TaskTemplate" | "EndpointSpec">>;

export function completeServiceSpec(spec: ServiceSpec): CompleteServiceSpec {
  const given = canonical(ServiceSpec, spec);
  const mode = completeMode(given.Mode ?? {});
  return {
    ...given,
    Labels: given.Labels ?? {},
    Mode: mode,
    TaskTemplate: completeTaskSpec(given.TaskTemplate ?? {}),
    EndpointSpec: completeEndpointSpec(given.EndpointSpec ?? {}),
    // A job is never updated in place: Docker refuses one that has an update config.
    ...(isJob(mode)
      ? {}
      : {
          UpdateConfig: completeUpdate(given.UpdateConfig ?? ONE_AT_A_TIME),
          RollbackConfig: completeUpdate(given.RollbackConfig ?? ONE_AT_A_TIME),
        }),
  };
}

function isJob(mode: ServiceMode): boolean {
  return mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
}

function completeMode(mode: ServiceMode): ServiceMode {
  if (mode.ReplicatedJob !== undefined) {
    const maxConcurrent = mode.ReplicatedJob.MaxConcurrent ?? 1;
    const job = { MaxConcurrent: maxConcurrent, TotalCompletions: maxConcurrent };
    return { ...mode, ReplicatedJob: { ...job, ...mode.ReplicatedJob } };
  }
  if (mode.Global !== undefined || mode.GlobalJob !== undefined) return mode;
  return { ...mode, Replicated: { Replicas: 1, ...mode.Replicated } };
}

function completeTaskSpec(task: TaskSpec): TaskSpec {
  return {
    Resources: {},
    Placement: {},
    ForceUpdate: 0,
    ...task,
    Runtime: task.Runtime === undefined || task.Runtime === "" ? "container" : task.Runtime,
    RestartPolicy: completeRestartPolicy(task.RestartPolicy ?? {}),
    ...(task.ContainerSpec === undefined
      ? {}
      : { ContainerSpec: completeContainerSpec(task.ContainerSpec) }),
  };
}

function completeRestartPolicy(policy: RestartPolicy): RestartPolicy {
  return { Condition: "any", Delay: RESTART_DELAY_NS, MaxAttempts: 0, Window: 0, ...policy };
}

function completeContainerSpec(container: ContainerSpec): ContainerSpec {
  return {
    StopGracePeriod: STOP_GRACE_PERIOD_NS,
    Isolation: "default",
    DNSConfig: {},
    ...container,
  };
}

/**
 * An update's config or a rollback's: they differ only in the words that `FailureAction` may take.
 */
function completeUpdate<C extends UpdateConfig>(config: C) {
  return {
    Parallelism: 0,
    Delay: 0,
    FailureAction: "pause" as const,
    MaxFailureRatio: 0,
    Order: "stop-first" as const,
    ...config,
    Monitor: monitorOf(config),
  };
}

/** Go cannot tell a monitor of 0 from none, and Docker takes both for none. */
function monitorOf(config: UpdateConfig): number {
  return config.Monitor === undefined || config.Monitor === 0 ? UPDATE_MONITOR_NS : config.Monitor;
}

function completeEndpointSpec(endpoint: EndpointSpec): EndpointSpec {
  return {
    Mode: "vip",
    ...endpoint,
    ...(endpoint.Ports === undefined
      ? {}
      : {
          Ports: endpoint.Ports.map((port) => ({
            Protocol: "tcp" as const,
            PublishMode: "ingress" as const,
            ...port,
          })),
        }),
  };
}

const DEFAULT_SWARM_SPEC = {
  Name: "default",
  Labels: {},
  Orchestration: {
    TaskHistoryRetentionLimit: 5,
    PlacementStrategy: "spread",
    Rebalance: { When: "on-request", Parallelism: 1, CoolDown: REBALANCE_COOL_DOWN_NS },
    RestartBackOff: { FreeRestarts: 5, First: NS_PER_S, Limit: 60 * NS_PER_S },
    NodeAvoidance: { Failures: 5, Within: 300 * NS_PER_S },
    OrphanAfter: 24 * 3600 * NS_PER_S,
    StopPatience: 60 * NS_PER_S,
  },
  Raft: {
    SnapshotInterval: 10_000,
    KeepOldSnapshots: 0,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 2,
  },
  Dispatcher: {
    HeartbeatPeriod: HEARTBEAT_PERIOD_NS,
    SilenceLimit: 3 * NS_PER_S,
    SessionLimit: 30 * NS_PER_S,
    EngineLimit: 10 * NS_PER_S,
  },
  CAConfig: { NodeCertExpiry: NODE_CERT_EXPIRY_NS },
  EncryptionConfig: { AutoLockManagers: false },
  TaskDefaults: {},
} as const satisfies SwarmSpec;

/** A spec in which everything is there that the managers themselves go by. */
export type CompleteSwarmSpec = Required<SwarmSpec>;

export function completeSwarmSpec(spec: SwarmSpec): CompleteSwarmSpec {
  return overlay(DEFAULT_SWARM_SPEC, spec);
}

/** What `POST /swarm/update` makes of the present spec and the one that was sent. */
export function mergeSwarmSpec(present: SwarmSpec, sent: SwarmSpec): CompleteSwarmSpec {
  return overlay(completeSwarmSpec(present), sent);
}

/**
 * Go clients send these as 0 for what they do not mention, and 0 makes no sense for any of them.
 */
const RAFT_NEVER_ZERO = [
  "SnapshotInterval",
  "LogEntriesForSlowFollowers",
  "ElectionTick",
  "HeartbeatTick",
] as const;

/** An empty name and empty labels, too, are what Go clients send for what they do not mention. */
function overlay(below: CompleteSwarmSpec, sent: SwarmSpec): CompleteSwarmSpec {
  const given = canonical(SwarmSpec, sent);
  const { Raft: raft = {}, Dispatcher: dispatcher = {}, CAConfig: ca = {} } = given;
  const hasLabels = Object.keys(given.Labels ?? {}).length > 0;
  return {
    ...below,
    ...given,
    Name: given.Name === undefined || given.Name === "" ? below.Name : given.Name,
    Labels: { ...(hasLabels ? given.Labels : below.Labels) },
    Orchestration: {
      ...below.Orchestration,
      ...given.Orchestration,
      Rebalance: { ...below.Orchestration.Rebalance, ...given.Orchestration?.Rebalance },
      RestartBackOff: {
        ...below.Orchestration.RestartBackOff,
        ...given.Orchestration?.RestartBackOff,
      },
      NodeAvoidance: {
        ...below.Orchestration.NodeAvoidance,
        ...given.Orchestration?.NodeAvoidance,
      },
    },
    Raft: { ...below.Raft, ...withoutZeros(raft, RAFT_NEVER_ZERO) },
    Dispatcher: { ...below.Dispatcher, ...withoutZeros(dispatcher, ["HeartbeatPeriod"]) },
    CAConfig: { ...below.CAConfig, ...withoutZeros(ca, ["NodeCertExpiry"]) },
    EncryptionConfig: { ...below.EncryptionConfig, ...given.EncryptionConfig },
    TaskDefaults: { ...below.TaskDefaults, ...given.TaskDefaults },
  };
}

function withoutZeros<T extends object>(
  config: T,
  names: readonly (keyof T & string)[],
): Partial<T> {
  const neverZero = new Set<string>(names);
  const kept = Object.entries(config).filter(
    ([name, value]) => value !== 0 || !neverZero.has(name),
  );
  return Object.fromEntries(kept) as Partial<T>;
}

function canonical<T extends TSchema>(schema: T, value: Static<T>): Static<T> {
  return canonicalForm(schema, value);
}
