/**
 * What a task is called: `web.3.<id>`, and `web.<node>.<id>` where the node stands for the slot.
 * Containers carry this name.
 */
import { serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { NO_SLOT } from "./slot-index.js";
import type { StoreView } from "./view.js";

/** The service's id stands in for the name of one that is gone. */
export function taskName(view: StoreView, task: Task): string {
  const service = view.service(task.serviceId);
  const name = service === undefined ? task.serviceId : serviceName(service.frame);
  return `${name}.${shownSlot(view, task) ?? task.nodeId ?? ""}.${task.id}`;
}

/** The slots of jobs are counted from 0, as in Docker; undefined where the node is the slot. */
export function shownSlot(view: StoreView, task: Task): number | undefined {
  if (task.slot === NO_SLOT) return undefined;
  const isReplicatedJob = view.service(task.serviceId)?.frame.Mode?.ReplicatedJob !== undefined;
  return isReplicatedJob ? task.slot - 1 : task.slot;
}
