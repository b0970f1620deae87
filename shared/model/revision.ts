/**
 * A revision: one version of a service's task template, stored once. The history of a service is
 * its revisions. A scaled or relabelled service has no new one: a task is current when the hash of
 * its revision's template equals that of its service's.
 */
import type { EndpointPortConfig } from "../docker-api/endpoint.js";
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { ServiceId } from "./ids.js";
import { hashText, stableHash } from "./stable-hash.js";

export interface Revision {
  readonly serviceId: ServiceId;
  /** From 1, counted per service and never used again. */
  readonly number: number;
  readonly createdAtMs: number;
  readonly template: TaskSpec;
  /**
   * Ports published on the task's own host (mode `host`): the one part of the endpoint that
   * its container is made with.
   */
  readonly hostPorts?: readonly EndpointPortConfig[];
  /**
   * Its tasks are on the ingress network, because ports of the service are published there; absent:
   * they are not.
   */
  readonly mesh?: "published";
  /** Who declared it, as its program called itself; absent: the cluster, or nobody said. */
  readonly by?: string;
  /** It has the template of this earlier revision, because the service was rolled back to it. */
  readonly rollbackOf?: number;
  /** `revisionHash`, 16 hexadecimal digits: equal exactly when all that it is made from is. */
  readonly hash: string;
}

/**
 * The hash of what tasks of a revision are made from. No host ports and an empty
 * list of them are the same.
 */
export function revisionHash(
  template: TaskSpec,
  hostPorts: readonly EndpointPortConfig[] = [],
  mesh?: Revision["mesh"],
): string {
  const hashed = {
    template,
    ...(hostPorts.length > 0 && { hostPorts }),
    ...(mesh !== undefined && { mesh }),
  };
  return hashText(stableHash(hashed));
}

/** As `revisionHash`, and equal also where nothing differs but what is said of where tasks may run. */
export function hashWithoutPlacement({ template, hostPorts, mesh }: Revision): string {
  const { Placement: _, ...rest } = template;
  return revisionHash(rest, hostPorts, mesh);
}

/** Kept beside those in use: enough to roll back to last month's, few enough to list. */
export const REVISIONS_KEPT = 25;
