/**
 * The state as its readers and `apply` see it, whatever holds it: `Tables` what is
 * committed, `Head` the speculation on top. Reading and changing are written once here;
 * where the values lie is theirs.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { isRemoved, type Network, networkName } from "../../../shared/model/network.js";
import type { Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import { type Service, serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "./change.js";
import { NO_SLOT } from "./slot-index.js";
import type { Cells, Rows } from "./table.js";
import type { TaskRows } from "./task-table.js";
import type { StoreView } from "./view.js";

/** There is at most one cluster; it lies under this key. */
const THE_CLUSTER = "cluster";

export interface StateParts {
  readonly cluster: Cells<typeof THE_CLUSTER, Cluster>;
  readonly nodes: Rows<NodeId, Node>;
  readonly networks: Rows<NetworkId, Network>;
  readonly networkNames: Cells<string, NetworkId>;
  readonly services: Rows<ServiceId, Service>;
  readonly serviceNames: Cells<string, ServiceId>;
  /** Ordered by number; no entry for a service without any. */
  readonly revisions: Cells<ServiceId, readonly Revision[]>;
  readonly tasks: TaskRows;
  readonly attachments: Rows<TaskId, Attachment>;
}

export abstract class State implements StoreView {
  readonly #parts: StateParts;

  constructor(parts: StateParts) {
    this.#parts = parts;
  }

  abstract get sequence(): number;

  /** Takes back what the present command did; `events` lists it. */
  abstract rollback(events: readonly StoreEvent[]): void;

  cluster(): Cluster | undefined {
    return this.#parts.cluster.get(THE_CLUSTER);
  }

  node(id: NodeId): Node | undefined {
    return this.#parts.nodes.get(id);
  }

  nodes(): readonly Node[] {
    return this.#parts.nodes.all();
  }

  network(id: NetworkId): Network | undefined {
    return this.#parts.networks.get(id);
  }

  networkByName(name: string): Network | undefined {
    const id = this.#parts.networkNames.get(name);
    return id === undefined ? undefined : this.#parts.networks.get(id);
  }

  networks(): readonly Network[] {
    return this.#parts.networks.all();
  }

  attachment(id: TaskId): Attachment | undefined {
    return this.#parts.attachments.get(id);
  }

  attachments(): readonly Attachment[] {
    return this.#parts.attachments.all();
  }

  service(id: ServiceId): Service | undefined {
    return this.#parts.services.get(id);
  }

  serviceByName(name: string): Service | undefined {
    const id = this.#parts.serviceNames.get(name);
    return id === undefined ? undefined : this.#parts.services.get(id);
  }

  services(): readonly Service[] {
    return this.#parts.services.all();
  }

  revision(serviceId: ServiceId, number: number): Revision | undefined {
    const revisions = this.revisions(serviceId);
    // The newest is nearly always the one asked for.
    for (let at = revisions.length - 1; at >= 0; at--)
      if (revisions[at]?.number === number) return revisions[at];
    return undefined;
  }

  revisions(serviceId: ServiceId): readonly Revision[] {
    return this.#parts.revisions.get(serviceId) ?? [];
  }

  task(id: TaskId): Task | undefined {
    return this.#parts.tasks.get(id);
  }

  tasks(): readonly Task[] {
    return this.#parts.tasks.all();
  }

  taskCount(): number {
    return this.#parts.tasks.size;
  }

  tasksOfService(id: ServiceId): readonly Task[] {
    return this.#parts.tasks.ofService(id);
  }

  visitTasksOfService(id: ServiceId, visit: (task: Task) => void): void {
    this.#parts.tasks.visitService(id, visit);
  }

  tasksOfSlot(id: ServiceId, slot: number): readonly Task[] {
    if (slot === NO_SLOT) return this.tasksOfService(id).filter((task) => task.slot === NO_SLOT);
    return this.#parts.tasks.ofSlot(id, slot);
  }

  tasksOfNode(id: NodeId): readonly Task[] {
    return this.#parts.tasks.ofNode(id);
  }

  tasksInState(state: ObservedState): readonly Task[] {
    return this.#parts.tasks.inState(state);
  }

  servicesWithTasks(): readonly ServiceId[] {
    // Revisions are there as long as their service or a task of it is.
    return [...this.#parts.revisions.keys()].sort();
  }

  /** Cheaper than listing them. */
  hasTasks(id: ServiceId): boolean {
    return this.#parts.tasks.anyOfService(id);
  }

  setCluster(_before: Cluster | undefined, after: Cluster | undefined): void {
    this.#parts.cluster.set(THE_CLUSTER, after);
  }

  setNode(id: NodeId, before: Node | undefined, after: Node | undefined): void {
    this.#parts.nodes.put(id, before, after);
  }

  setNetwork(id: NetworkId, before: Network | undefined, after: Network | undefined): void {
    this.#parts.networks.put(id, before, after);
    const from = before && nameHeldBy(before);
    const to = after && nameHeldBy(after);
    if (from === to) return;
    if (from !== undefined) this.#parts.networkNames.set(from, undefined);
    if (to !== undefined) this.#parts.networkNames.set(to, id);
  }

  setService(id: ServiceId, before: Service | undefined, after: Service | undefined): void {
    this.#parts.services.put(id, before, after);
    const from = before && serviceName(before.frame);
    const to = after && serviceName(after.frame);
    if (from === to) return;
    if (from !== undefined) this.#parts.serviceNames.set(from, undefined);
    if (to !== undefined) this.#parts.serviceNames.set(to, id);
  }

  setRevision(serviceId: ServiceId, number: number, after: Revision | undefined): void {
    const others = this.revisions(serviceId).filter((one) => one.number !== number);
    const revisions = after === undefined ? others : [...others, after];
    revisions.sort((a, b) => a.number - b.number);
    this.#parts.revisions.set(serviceId, revisions.length === 0 ? undefined : revisions);
  }

  setTask(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    this.#parts.tasks.put(id, before, after);
  }

  setAttachment(id: TaskId, before: Attachment | undefined, after: Attachment | undefined): void {
    this.#parts.attachments.put(id, before, after);
  }
}

/** The name of one that was removed may be another's by now. */
function nameHeldBy(network: Network): string | undefined {
  return isRemoved(network) ? undefined : networkName(network.spec);
}
