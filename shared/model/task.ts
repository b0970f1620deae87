/**
 * A task: one slot of a service (or one node's share of it) put on a node once. It refers to its
 * service's revision and holds no copy of the spec, which is what keeps it small. It never moves:
 * it is replaced.
 */
import type { GenericShare } from "./generic-resources.js";
import type { NodeId, ServiceId, TaskId } from "./ids.js";
import type { NetworkAddresses } from "./network.js";
import { type DesiredState, observedRank, type ObservedState } from "./task-state.js";

export interface Task {
  readonly id: TaskId;
  /**
   * Sequence number of the store when the task was made or wanted
   * otherwise; status leaves it alone.
   */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly serviceId: ServiceId;
  /** The revision of the service's task template that this task runs. */
  readonly revision: number;
  /** From 1 in a replicated service; 0 where the node stands for the slot (global services). */
  readonly slot: number;
  /** Where it was placed; a task of a global service names its node from the beginning. */
  readonly nodeId?: NodeId;
  readonly desired: DesiredState;
  readonly status: TaskStatus;
  /**
   * When it was first seen to run, on the clock of its host: with the time of its end, how long
   * it ran.
   */
  readonly ranAtMs?: number;
  /**
   * When earlier tasks of this slot were restarted (wall ms, oldest first, bounded by its maker).
   */
  readonly restartsAtMs?: readonly number[];
  /** Given before it is placed; absent where its revision needs none. Its own until it ends. */
  readonly addresses?: readonly NetworkAddresses[];
  /** What it has of its node's generic resources; given with the node, its own until it ends. */
  readonly generics?: readonly GenericShare[];
  /** The node whose task of this slot it takes over, for the sake of an even spread. */
  readonly relieves?: NodeId;
}

/** A node was found fit for the task, and may have heard of it. */
export function isPlaced(task: Task): boolean {
  return task.nodeId !== undefined && observedRank(task.status.state) >= observedRank("assigned");
}

export interface TaskStatus {
  readonly state: ObservedState;
  /** Wall clock of whoever observed it: shown, never compared. */
  readonly atMs: number;
  /** What happened, in a few words: "started", "preparing". */
  readonly message: string;
  /** Why not, where something went wrong or cannot be: shown by `service ps`. */
  readonly error?: string;
  readonly container?: ContainerStatus;
  /** Host ports that the task holds (publish mode host). */
  readonly ports?: readonly PublishedPort[];
}

export interface ContainerStatus {
  readonly containerId: string;
  /** 0 where no process runs. */
  readonly pid: number;
  readonly exitCode?: number;
  /** It still runs and is being stopped, and no connection is led to it any more. */
  readonly isUnhealthy?: true;
}

export const PORT_PROTOCOLS = ["tcp", "udp", "sctp"] as const;
export type PortProtocol = (typeof PORT_PROTOCOLS)[number];

export interface PublishedPort {
  readonly protocol: PortProtocol;
  readonly targetPort: number;
  readonly publishedPort: number;
}
