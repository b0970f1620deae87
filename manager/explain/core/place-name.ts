/** What people call the place of a task: `web.3`, or `web.host1` where the node stands for the slot. */
import type { ServiceId } from "../../../shared/model/ids.js";
import { nodeHostname } from "../../../shared/model/node.js";
import { serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { type SlotKey, slotKey } from "../../orchestrator/core/slot.js";
import type { StoreView } from "../../store/core/view.js";

export function placeName(view: StoreView, task: Task): string {
  return nameOfSlot(view, task.serviceId, slotKey(task));
}

/** The slots of jobs are counted from 0, as in Docker. */
export function nameOfSlot(view: StoreView, serviceId: ServiceId, key: SlotKey): string {
  const service = view.service(serviceId);
  const name = service === undefined ? serviceId : serviceName(service.frame);
  if (typeof key === "number") {
    const first = service?.frame.Mode?.ReplicatedJob === undefined ? 1 : 0;
    return `${name}.${key - 1 + first}`;
  }
  const node = view.node(key);
  return `${name}.${node === undefined ? key : nodeHostname(node)}`;
}
