/** Which decision belongs to what is pending: of a service, a node, a task or an attachment. */
import {
  allocateNode,
  allocateService,
  allocateTask,
  type Allocation,
  type Decision,
} from "./allocate.js";
import { allocateAttachment } from "./allocate-attachment.js";
import type { AllocationKey } from "./pending-allocations.js";

export function decideAllocation(allocation: Allocation, key: AllocationKey): Decision {
  switch (key.kind) {
    case "service":
      return allocateService(allocation, key.id);
    case "node":
      return allocateNode(allocation, key.id);
    case "task":
      return allocateTask(allocation, key.id);
    case "attachment":
      return allocateAttachment(allocation, key.id);
  }
}
