/**
 * What the scheduler knows: nodes with their load, tasks that wait for a node, and its own placements that are not
 * committed yet. Fed with committed events; a placement counts from the moment it is decided, so that two passes never
 * promise the same room.
 */
import { assert } from "../../../shared/errors/assert.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { nodeAvailability } from "../../../shared/model/node.js";
import { holdsResources } from "../../../shared/model/resources.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import { type Demand, demandOf } from "./demand.js";
import { explainRefusal } from "./filters.js";
import { NodeIndex } from "./node-index.js";
import type { NodeLoad } from "./node-load.js";
import { type Placement, placeTasks } from "./place-tasks.js";

/** Something that the store says: an object before and after. The store's own events have this shape. */
export type SchedulerEvent =
  | { readonly type: "node"; readonly before?: Node; readonly after?: Node }
  | { readonly type: "task"; readonly before?: Task; readonly after?: Task }
  | { readonly type: "revision"; readonly before?: Revision; readonly after?: Revision };

/** Tasks for which no node was found, and why: one reason for all tasks of a revision. */
export interface Refusal {
  readonly taskIds: readonly TaskId[];
  readonly reason: string;
}

export interface Decisions {
  readonly placements: readonly Placement[];
  readonly refusals: readonly Refusal[];
}

interface PendingGroup {
  readonly serviceId: ServiceId;
  readonly revision: number;
  readonly tasks: Map<TaskId, Task>;
}

interface Flight {
  readonly nodeId: NodeId;
  readonly task: Task;
}

type RevisionKey = string;

export class ClusterState {
  readonly #index = new NodeIndex();
  readonly #demands = new Map<RevisionKey, Demand>();
  readonly #pending = new Map<RevisionKey, PendingGroup>();
  /** Groups of which the last pass placed nothing more: not tried again until something could unblock them. */
  readonly #blocked = new Set<RevisionKey>();
  readonly #inFlight = new Map<TaskId, Flight>();

  observe(event: SchedulerEvent): void {
    switch (event.type) {
      case "node":
        this.#observeNode(event.before, event.after);
        break;
      case "task":
        this.#observeTask(event.before, event.after);
        break;
      case "revision":
        this.#observeRevision(event.before, event.after);
        break;
    }
  }

  /** A pass has something to do. */
  get hasWork(): boolean {
    return this.#pending.size > this.#blocked.size;
  }

  /** Decides about waiting tasks, at most about `limit` of them. What is placed counts as taken from now on. */
  decide(limit: number): Decisions {
    const placements: Placement[] = [];
    const refusals: Refusal[] = [];
    for (const [key, group] of this.#pending) {
      if (this.#blocked.has(key)) continue;
      const room = limit - placements.length;
      if (room <= 0) break;
      const wanted = Math.min(room, group.tasks.size);
      const placed = this.#place(key, group, wanted);
      placements.push(...placed);
      if (placed.length < wanted) {
        this.#blocked.add(key);
        refusals.push(this.#refusal(key, group));
      }
    }
    return { placements, refusals };
  }

  /** The placement was not written (the task changed, the proposal was dropped): what it took is free again. */
  abandon(taskId: TaskId, current: Task | undefined): void {
    const flight = this.#inFlight.get(taskId);
    if (flight === undefined) return;
    this.#land(taskId, flight);
    if (current !== undefined && isWaiting(current)) this.#setPending(current);
    this.#blocked.clear();
  }

  #place(key: RevisionKey, group: PendingGroup, wanted: number): readonly Placement[] {
    const demand = this.#demand(key);
    const tasks = firstOf(group.tasks.keys(), wanted);
    const placed = placeTasks(this.#index, { serviceId: group.serviceId, demand, tasks });
    for (const { taskId, nodeId } of placed) {
      const task = group.tasks.get(taskId);
      if (task !== undefined) this.#inFlight.set(taskId, { nodeId, task });
      group.tasks.delete(taskId);
    }
    if (group.tasks.size === 0) this.#pending.delete(key);
    return placed;
  }

  /** Only the tasks that do not say so already: saying it again would be a write for nothing. */
  #refusal(key: RevisionKey, group: PendingGroup): Refusal {
    const reason = explainRefusal(this.#index.all(), this.#demand(key), group.serviceId);
    const silent = [...group.tasks.values()].filter((task) => task.status.error !== reason);
    return { taskIds: silent.map((task) => task.id), reason };
  }

  #observeNode(before: Node | undefined, after: Node | undefined): void {
    if (after !== undefined) this.#index.setNode(after);
    else if (before !== undefined) this.#index.removeNode(before.id);
    if (before === undefined || after === undefined || couldUnblock(before, after)) {
      this.#blocked.clear();
    }
  }

  #observeTask(before: Task | undefined, after: Task | undefined): void {
    const id = (after ?? before)?.id;
    const flight = id === undefined ? undefined : this.#inFlight.get(id);
    if (id !== undefined && flight !== undefined) {
      if (after !== undefined && after.nodeId === undefined) return; // the placement is still under way
      this.#land(id, flight);
    }
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
    if (after !== undefined && isWaiting(after)) this.#setPending(after);
    else if (before !== undefined) this.#forgetPending(before);
    if (before !== undefined && freesRoom(before, after)) this.#blocked.clear();
  }

  #observeRevision(before: Revision | undefined, after: Revision | undefined): void {
    if (after !== undefined)
      this.#demands.set(keyOf(after.serviceId, after.number), demandOf(after));
    else if (before !== undefined) this.#demands.delete(keyOf(before.serviceId, before.number));
  }

  #setPending(task: Task): void {
    const key = keyOf(task.serviceId, task.revision);
    let group = this.#pending.get(key);
    if (group === undefined) {
      group = { serviceId: task.serviceId, revision: task.revision, tasks: new Map() };
      this.#pending.set(key, group);
    }
    // A new task of a group that waits joins it: it would be refused too, and is told so in the next pass.
    if (!group.tasks.has(task.id) && task.status.error === undefined) this.#blocked.delete(key);
    group.tasks.set(task.id, task);
  }

  #forgetPending(task: Task): void {
    const key = keyOf(task.serviceId, task.revision);
    const group = this.#pending.get(key);
    if (group?.tasks.delete(task.id) !== true || group.tasks.size > 0) return;
    this.#pending.delete(key);
    this.#blocked.delete(key);
  }

  #count(task: Task, change: 1 | -1): void {
    if (task.nodeId === undefined) return;
    this.#index.change(task.nodeId, (load) => {
      this.#countOn(load, task, change);
    });
  }

  #countOn(load: NodeLoad, task: Task, change: 1 | -1): void {
    if (!holdsResources(task)) return;
    const demand = this.#demand(keyOf(task.serviceId, task.revision));
    if (change === 1) load.hold(demand);
    else load.release(demand);
    if (isWanted(task.desired)) this.#index.countTask(load, task.serviceId, change);
  }

  /** Takes back what a placement took when it was decided. */
  #land(taskId: TaskId, { nodeId, task }: Flight): void {
    this.#inFlight.delete(taskId);
    this.#count({ ...task, nodeId }, -1);
  }

  #demand(key: RevisionKey): Demand {
    const demand = this.#demands.get(key);
    assert(demand !== undefined, `revision ${key} is gone while it still has tasks`);
    return demand;
  }
}

/** The task wants a node and has none. */
export function isWaiting(task: Task): boolean {
  return task.status.state === "pending" && task.nodeId === undefined && isWanted(task.desired);
}

function keyOf(serviceId: ServiceId, revision: number): RevisionKey {
  return `${serviceId}/${revision}`;
}

/** A reservation or a port came free, or the service has one task less on the node. */
function freesRoom(before: Task, after: Task | undefined): boolean {
  if (!holdsResources(before)) return false;
  if (after === undefined || !holdsResources(after)) return true;
  return isWanted(before.desired) && !isWanted(after.desired);
}

/** What a filter looks at, and a heartbeat does not change. */
function couldUnblock(before: Node, after: Node): boolean {
  return (
    before.status.state !== after.status.state ||
    before.status.address !== after.status.address ||
    nodeAvailability(before) !== nodeAvailability(after) ||
    before.spec !== after.spec ||
    before.description !== after.description
  );
}

function* firstOf<T>(items: Iterable<T>, count: number): Iterable<T> {
  let taken = 0;
  for (const item of items) {
    if (taken++ >= count) return;
    yield item;
  }
}
