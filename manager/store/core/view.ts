/**
 * Reading the store. A view is what readers (the API, planners, the dispatcher) and writers see of
 * the tables, committed state and speculative head alike. Every listing has a fixed order (by id)
 * unless its name says otherwise, so that no decision hangs on the order of insertion.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Network } from "../../../shared/model/network.js";
import type { Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";

export interface StoreView {
  /**
   * Commands applied so far; the version of an object is the sequence number that last changed it.
   */
  readonly sequence: number;
  cluster(): Cluster | undefined;

  node(id: NodeId): Node | undefined;
  nodes(): readonly Node[];

  network(id: NetworkId): Network | undefined;
  networkByName(name: string): Network | undefined;
  networks(): readonly Network[];

  attachment(id: TaskId): Attachment | undefined;
  attachments(): readonly Attachment[];

  service(id: ServiceId): Service | undefined;
  serviceByName(name: string): Service | undefined;
  services(): readonly Service[];

  revision(serviceId: ServiceId, number: number): Revision | undefined;
  /** Oldest first. Revisions outlive their service until its last task is gone. */
  revisions(serviceId: ServiceId): readonly Revision[];

  task(id: TaskId): Task | undefined;
  tasks(): readonly Task[];
  taskCount(): number;
  tasksOfService(id: ServiceId): readonly Task[];
  /** In no order, and without a listing being made: for counts over the services of a whole cluster. */
  visitTasksOfService(id: ServiceId, visit: (task: Task) => void): void;
  tasksOfSlot(id: ServiceId, slot: number): readonly Task[];
  tasksOfNode(id: NodeId): readonly Task[];
  tasksInState(state: ObservedState): readonly Task[];
  /** Services that still have tasks or revisions, those already removed included. */
  servicesWithTasks(): readonly ServiceId[];
}
