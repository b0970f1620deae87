/** What the tasks on a node hold of it, counted anew from the store each time. */
import type { StoreView } from "../../../manager/store/core/view.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";

export interface Amounts {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
}

export function capacityOf({ description }: Node): Amounts {
  const { NanoCPUs: nanoCpus = 0, MemoryBytes: memoryBytes = 0 } = description?.Resources ?? {};
  return { nanoCpus, memoryBytes };
}

/** From the placement until somebody has seen the end, on unreachable hosts, too. */
export function holdersOn(view: StoreView, nodeId: NodeId): readonly Task[] {
  return view
    .tasksOfNode(nodeId)
    .filter((task) => isPlaced(task) && !isTerminal(task.status.state));
}

export function reservedBy(view: StoreView, tasks: readonly Task[]): Amounts {
  let [nanoCpus, memoryBytes] = [0, 0];
  for (const { serviceId, revision } of tasks) {
    const { Resources: resources } = view.revision(serviceId, revision)?.template ?? {};
    nanoCpus += resources?.Reservations?.NanoCPUs ?? 0;
    memoryBytes += resources?.Reservations?.MemoryBytes ?? 0;
  }
  return { nanoCpus, memoryBytes };
}

export function fitsInto(capacity: Amounts, held: Amounts): boolean {
  return held.nanoCpus <= capacity.nanoCpus && held.memoryBytes <= capacity.memoryBytes;
}

export function amountsText({ nanoCpus, memoryBytes }: Amounts): string {
  return `${nanoCpus / 1e9} CPU, ${memoryBytes / 2 ** 20} MiB`;
}
