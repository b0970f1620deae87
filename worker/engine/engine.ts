/**
 * What an agent needs of whatever runs its tasks. The interface speaks in tasks:
 * containers, process groups and their ids stay behind it. Implemented by `docker/`,
 * `process/` and the simulator.
 *
 * Every operation may be repeated: preparing what is prepared, starting what runs, stopping what
 * has ended and removing what is gone all succeed, because an agent that was killed half-way simply
 * does it again. An engine touches only what carries its own cluster's and its own node's identity.
 */
import type { EndpointPortConfig } from "../../shared/docker-api/endpoint.js";
import type { NodeDescription } from "../../shared/docker-api/node-spec.js";
import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { GenericShare } from "../../shared/model/generic-resources.js";
import type { ClusterId, NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { TaskObservation } from "./core/observation.js";

/** Whose tasks an engine runs: several agents may share one engine. */
export interface EngineIdentity {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  /** What `{{.Node.Hostname}}` stands for. */
  readonly hostname: string;
}

/** One task with all that is needed to run it. */
export interface TaskRun {
  readonly taskId: TaskId;
  readonly serviceId: ServiceId;
  /** 0 where the node stands for the slot. */
  readonly slot: number;
  readonly template: TaskTemplate;
  /** Ports of the host that the task binds (publish mode host). */
  readonly hostPorts: readonly EndpointPortConfig[];
  /** Networks of the cluster that it has addresses on; absent where there are none. */
  readonly networkIds?: readonly NetworkId[];
  /** What it has of the node's generic resources; absent: nothing. */
  readonly generics?: readonly GenericShare[];
}

/**
 * Says that a task should be looked at again; never what is true of it. `resync`: events may have
 * been missed, look at all of them.
 */
export type EngineEvent =
  { readonly kind: "task"; readonly taskId: TaskId } | { readonly kind: "resync" };

export interface StopOptions {
  /** As the task's spec has it; the engine's or image's own default where absent. */
  readonly stopSignal?: string;
  /** How long the task may take to end before it is killed. */
  readonly graceMs: number;
}

/**
 * @throws EngineUnavailableError from any method where the engine cannot be reached:
 * nothing is known of the task then, and it must not be taken for failed. Other errors
 * are the engine's refusal.
 */
export interface Engine {
  /** Whether it is there at all; answered at once, however busy it is. */
  ping(signal: AbortSignal): Promise<void>;
  /** What the host offers, as its node's description says it. */
  describe(signal: AbortSignal): Promise<NodeDescription>;
  /**
   * Fetches the image and creates the container, without starting it.
   * @throws TaskRefusedError, ImageUnavailableError
   */
  prepare(run: TaskRun, signal: AbortSignal): Promise<TaskObservation>;
  /** Starts what `prepare` made. @throws TaskRefusedError */
  start(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation>;
  observe(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation>;
  /** Resolves when the task has ended, killed after the grace period at the latest. */
  stop(taskId: TaskId, options: StopOptions, signal: AbortSignal): Promise<TaskObservation>;
  /** Removes all that is left of the task, killing it where it still runs. */
  remove(taskId: TaskId, signal: AbortSignal): Promise<void>;
  /** Every task of this cluster and node that there is something of, running or not. */
  list(signal: AbortSignal): Promise<readonly TaskId[]>;
  /**
   * Begins with `resync`; ends by throwing when the engine goes away, or
   * returns when `signal` aborts.
   */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}
