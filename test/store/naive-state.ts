/**
 * The dumb twin of the store's tables: lists of objects, searched from end to end. It is kept by
 * what a command says that it changed, so it also holds the events against the tables.
 */
import type { StoreEvent } from "../../manager/store/core/change.js";
import type { StoreView } from "../../manager/store/core/view.js";
import type { Attachment } from "../../shared/model/attachment.js";
import type { Cluster } from "../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Network } from "../../shared/model/network.js";
import type { Node } from "../../shared/model/node.js";
import type { Revision } from "../../shared/model/revision.js";
import type { Service } from "../../shared/model/service.js";
import type { Task } from "../../shared/model/task.js";
import { OBSERVED_STATES } from "../../shared/model/task-state.js";

export class NaiveState {
  #objects: { readonly type: StoreEvent["type"]; readonly object: object }[] = [];

  /** @throws Error where an event's `before` is not what is there. */
  follow(events: readonly StoreEvent[]): void {
    for (const { type, before, after } of events) {
      if (before === undefined && after === undefined) throw new Error("an event of nothing");
      const key = keyOf(type, (before ?? after) as object);
      const present = this.#objects.find((one) => keyOf(one.type, one.object) === key)?.object;
      if (present !== before) throw new Error(`the event of ${key} follows something else`);
      this.#objects = this.#objects.filter(({ object }) => object !== before);
      if (after !== undefined) this.#objects.push({ type, object: after });
    }
  }

  copy(): NaiveState {
    const copy = new NaiveState();
    copy.#objects = [...this.#objects];
    return copy;
  }

  /** Everything that a view can be asked, answered by search. */
  answers(asked: Questions): unknown {
    const tasks = this.#all<Task>("task").sort(byId);
    const services = this.#all<Service>("service").sort(byId);
    const revisions = this.#all<Revision>("revision").sort((a, b) => a.number - b.number);
    const withTasks = new Set([...tasks, ...revisions].map(({ serviceId }) => serviceId));
    const networks = this.#all<Network>("network").sort(byId);
    const nodes = this.#all<Node>("node").sort(byId);
    const attachments = this.#all<Attachment>("attachment").sort(byId);
    return {
      cluster: this.#all<Cluster>("cluster")[0],
      nodes,
      node: asked.nodes.map((id) => nodes.find((node) => node.id === id)),
      networks,
      network: asked.networks.map((id) => networks.find((network) => network.id === id)),
      networkByName: asked.networkNames.map((name) =>
        networks.find(({ spec }) => spec.Name === name),
      ),
      services,
      service: asked.services.map((id) => services.find((service) => service.id === id)),
      byName: asked.names.map((name) => services.find(({ frame }) => frame.Name === name)),
      revisions: asked.services.map((id) => revisions.filter((one) => one.serviceId === id)),
      tasks,
      taskCount: tasks.length,
      task: asked.tasks.map((id) => tasks.find((task) => task.id === id)),
      ofService: asked.services.map((id) => tasks.filter((task) => task.serviceId === id)),
      ofSlot: asked.services.map((id) =>
        asked.slots.map((slot) =>
          tasks.filter((task) => task.serviceId === id && task.slot === slot),
        ),
      ),
      ofNode: asked.nodes.map((id) => tasks.filter((task) => task.nodeId === id)),
      inState: OBSERVED_STATES.map((state) => tasks.filter((task) => task.status.state === state)),
      withTasks: [...withTasks].sort(),
      attachments,
      attachment: asked.tasks.map((id) => attachments.find((one) => one.id === id)),
    };
  }

  #all<T>(type: StoreEvent["type"]): T[] {
    return this.#objects.filter((one) => one.type === type).map(({ object }) => object as T);
  }
}

export interface Questions {
  readonly networks: readonly NetworkId[];
  readonly networkNames: readonly string[];
  readonly nodes: readonly NodeId[];
  readonly services: readonly ServiceId[];
  readonly names: readonly string[];
  readonly tasks: readonly TaskId[];
  readonly slots: readonly number[];
}

/** The same questions put to a view. */
export function answersOf(view: StoreView, asked: Questions): unknown {
  return {
    cluster: view.cluster(),
    nodes: view.nodes(),
    node: asked.nodes.map((id) => view.node(id)),
    networks: view.networks(),
    network: asked.networks.map((id) => view.network(id)),
    networkByName: asked.networkNames.map((name) => view.networkByName(name)),
    services: view.services(),
    service: asked.services.map((id) => view.service(id)),
    byName: asked.names.map((name) => view.serviceByName(name)),
    revisions: asked.services.map((id) => view.revisions(id)),
    tasks: view.tasks(),
    taskCount: view.taskCount(),
    task: asked.tasks.map((id) => view.task(id)),
    ofService: asked.services.map((id) => view.tasksOfService(id)),
    ofSlot: asked.services.map((id) => asked.slots.map((slot) => view.tasksOfSlot(id, slot))),
    ofNode: asked.nodes.map((id) => view.tasksOfNode(id)),
    inState: OBSERVED_STATES.map((state) => view.tasksInState(state)),
    withTasks: view.servicesWithTasks(),
    attachments: view.attachments(),
    attachment: asked.tasks.map((id) => view.attachment(id)),
  };
}

function keyOf(type: StoreEvent["type"], object: object): string {
  if (type !== "revision") return `${type} ${(object as { id: string }).id}`;
  const { serviceId, number } = object as Revision;
  return `${type} ${serviceId}/${number}`;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
