/**
 * A revision: one version of a service's task template, stored once. The history of a service is its
 * revisions. A scaled or relabelled service has no new one: a task is current when the hash of its
 * revision's template equals that of its service's.
 */
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { ServiceId } from "./ids.js";

export interface Revision {
  readonly serviceId: ServiceId;
  /** From 1, counted per service and never used again. */
  readonly number: number;
  readonly createdAtMs: number;
  readonly template: TaskSpec;
  /** `templateHash(template)`, 16 hexadecimal digits: equal exactly when the templates are. */
  readonly hash: string;
}

/** Kept beside those in use: enough to roll back to last month's, few enough to list. */
export const REVISIONS_KEPT = 25;
