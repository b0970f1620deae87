/** The name that a task's container has on its host: what `docker ps` shows. */
import type { NodeId, TaskId } from "../../shared/model/ids.js";

/**
 * `<service>.<slot>.<task>`; of a service that has one task per node, `<service>.<node>.<task>`.
 */
export function taskName(serviceName: string, slotOrNode: number | NodeId, taskId: TaskId): string {
  return `${serviceName}.${slotOrNode}.${taskId}`;
}
