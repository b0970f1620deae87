/** One revision of a service, as `GET /skep/v1/services/{id}/history` lists them. */
import type { EndpointPortConfig } from "./endpoint.js";
import type { TaskSpec } from "./task-spec.js";

export interface ServiceRevision {
  readonly Revision: number;
  readonly CreatedAt: string;
  /** How the program that declared it called itself; absent: the cluster did. */
  readonly By?: string;
  /** The earlier revision that was gone back to. */
  readonly RollbackOf?: number;
  /** Whether it is what the service's tasks should run. */
  readonly Current: boolean;
  /** Tasks that should run of it. */
  readonly Tasks: number;
  readonly TaskTemplate: TaskSpec;
  /** Ports published on the tasks' own hosts. */
  readonly HostPorts?: readonly EndpointPortConfig[];
}
