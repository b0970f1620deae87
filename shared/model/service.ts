/**
 * A service: what a user wants run. Its frame (everything but the task template) stands here; the
 * template stands in a revision, stored once however many tasks run it.
 */
import type { ServiceFrame, UpdateState } from "../docker-api/service-spec.js";
import type { NodeId, ServiceId } from "./ids.js";
import type { ServiceEndpoint } from "./network.js";

export interface Service {
  readonly id: ServiceId;
  /** Sequence number of the store at the last change by a user. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Completed at the gate: no default is left to be filled by a reader. */
  readonly frame: ServiceFrame;
  /** The revision that the service's tasks should run. */
  readonly revision: number;
  /** What `rollback` goes back to, and what the API calls `PreviousSpec`. */
  readonly previous?: PreviousService;
  /** Absent until the allocator has looked at it, and where there is nothing to give. */
  readonly endpoint?: ServiceEndpoint;
  /** The last rolling update; absent where the last change by a user needed none. */
  readonly update?: UpdateProgress;
  /** The last rebalance; absent where there was none since the last change by a user. */
  readonly rebalance?: RebalanceProgress;
}

export const REBALANCE_STATES = ["rebalancing", "completed"] as const;
export type RebalanceState = (typeof REBALANCE_STATES)[number];

/** Tasks moving to where there are fewer of them. */
export interface RebalanceProgress {
  readonly state: RebalanceState;
  /** Whose wish it was. */
  readonly by: "user" | "cluster";
  readonly message: string;
  readonly startedAtMs: number;
  readonly completedAtMs?: number;
  /** Tasks that have moved. */
  readonly moved: number;
  /** Nodes to which a task was to move and could not. */
  readonly avoided: readonly NodeId[];
}

/** How far a rolling update, or a rollback, has come. */
export interface UpdateProgress {
  readonly state: UpdateState;
  readonly message: string;
  readonly startedAtMs: number;
  readonly completedAtMs?: number;
}

export interface PreviousService {
  readonly frame: ServiceFrame;
  readonly revision: number;
}

/** Each node is a slot of it. */
export function runsEverywhere({ frame: { Mode: mode = {} } }: Service): boolean {
  return mode.Global !== undefined || mode.GlobalJob !== undefined;
}

/** Its tasks run to their end, and a new revision runs them again. */
export function isJob({ Mode: mode = {} }: ServiceFrame): boolean {
  return mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
}

/** The name of a service; the gate lets none in without one. */
export function serviceName(frame: ServiceFrame): string {
  return frame.Name ?? "";
}
