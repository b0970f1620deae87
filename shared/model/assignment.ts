/**
 * What a worker is told to run. A complete set names everything that the worker should have; an
 * incremental one, what changed since the sequence number before it. Templates are sent once per
 * revision, not once per task.
 */
import type { EndpointPortConfig } from "../docker-api/endpoint.js";
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { Fence } from "./fence.js";
import type { ServiceId, TaskId } from "./ids.js";
import type { NodeNetworks } from "./node-networks.js";
import type { Task } from "./task.js";

/** Everything an agent needs to know of a service at one revision to run a task of it. */
export interface TaskTemplate {
  readonly serviceId: ServiceId;
  readonly revision: number;
  readonly serviceName: string;
  readonly serviceLabels: Readonly<Record<string, string>>;
  readonly template: TaskSpec;
  readonly hostPorts?: readonly EndpointPortConfig[];
}

export interface AssignmentSet {
  readonly fence: Fence;
  readonly kind: "complete" | "incremental";
  /** Counted per session from 1; a gap means that the agent must ask for a complete set. */
  readonly sequence: number;
  /** New or changed tasks (in a complete set: all of them). */
  readonly tasks: readonly Task[];
  /** Tasks that the worker must forget, stopping what still runs of them. */
  readonly removed: readonly TaskId[];
  /** The templates that `tasks` refer to and the session has not carried yet. */
  readonly templates: readonly TaskTemplate[];
  /** All of the node's networks, whole; absent where they are as the session last said. */
  readonly networks?: NodeNetworks;
  /**
   * Set where the node counted as down: what is to stop runs elsewhere by now, and has no longer
   * than this, unless its spec asks for more than is usual.
   */
  readonly stopWithinMs?: number;
}
