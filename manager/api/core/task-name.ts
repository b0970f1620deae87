/**
 * What a task is called: `web.3.<id>`, and `web.<node>.<id>` where the node stands for the slot.
 * Containers carry this name.
 */
import { serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { StoreView } from "../../store/core/view.js";

/** The service's id stands in for the name of one that is gone. */
export function taskName(view: StoreView, task: Task): string {
  const service = view.service(task.serviceId);
  const name = service === undefined ? task.serviceId : serviceName(service.frame);
  return `${name}.${task.slot === 0 ? (task.nodeId ?? "") : task.slot}.${task.id}`;
}
