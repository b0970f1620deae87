/**
 * What the scheduler knows: nodes with their load, tasks that wait for a node, and its own
 * placements that are not committed yet. Fed with committed events; a placement counts from the
 * moment it is decided, so that two passes never promise the same room.
 */
import type { PlacementStrategy } from "../../../shared/docker-api/swarm-spec.js";
import { assert } from "../../../shared/errors/assert.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import { nodeAvailability } from "../../../shared/model/node.js";
import { holdsResources } from "../../../shared/model/resources.js";
import type { Revision } from "../../../shared/model/revision.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { Demand } from "./demand.js";
import { avoidanceRules } from "./failure-log.js";
import { explainRefusal } from "./filters.js";
import { NodeIndex } from "./node-index.js";
import type { NodeLoad } from "./node-load.js";
import { placeBoundTasks, type Placement, placeTasks } from "./place-tasks.js";
import { RevisionState } from "./revision-state.js";
import { TaskKind } from "./task-kind.js";

/**
 * Something that the store says: an object before and after. The store's
 * own events have this shape.
 */
export type SchedulerEvent =
  | { readonly type: "cluster"; readonly before?: Cluster; readonly after?: Cluster }
  | { readonly type: "node"; readonly before?: Node; readonly after?: Node }
  | { readonly type: "task"; readonly before?: Task; readonly after?: Task }
  | { readonly type: "revision"; readonly before?: Revision; readonly after?: Revision };

/** Tasks for which no node was found, and why. */
export interface Refusal {
  readonly taskIds: readonly TaskId[];
  readonly reason: string;
}

/** What decides where a task of a revision may go. */
export interface PlacementFacts {
  readonly demand: Demand;
  readonly strategy: PlacementStrategy;
  readonly nodes: readonly NodeLoad[];
  /** Nodes that are tried last: tasks of the revision failed there lately. */
  readonly avoided: ReadonlySet<NodeId>;
}

export interface Decisions {
  readonly placements: readonly Placement[];
  readonly refusals: readonly Refusal[];
}

/** A placement that was decided and is not committed yet. */
interface Flight {
  readonly nodeId: NodeId;
  /** With what it gets there. */
  readonly task: Task;
}

export class ClusterState {
  readonly #index = new NodeIndex();
  /** A service has one revision, or a few while it is updated. */
  readonly #revisions = new Map<ServiceId, RevisionState[]>();
  /**
   * Revisions whose waiting tasks the next pass will try, in the order in which they came to it.
   */
  readonly #open = new Set<RevisionState>();
  /**
   * Those of which the last pass could place no more: not tried again until
   * something could unblock them.
   */
  readonly #blocked = new Set<RevisionState>();
  #strategy: PlacementStrategy = "spread";
  #avoidance = avoidanceRules(undefined);
  readonly #inFlight = new Map<TaskId, Flight>();

  observe(event: SchedulerEvent): void {
    switch (event.type) {
      case "cluster":
        this.#avoidance = avoidanceRules(event.after);
        this.#strategy = event.after?.spec.Orchestration?.PlacementStrategy ?? "spread";
        break;
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

  /** All tasks of a store that is seen for the first time. */
  observeTasks(tasks: Iterable<Task>): void {
    this.#index.changeMany(() => {
      for (const task of tasks) this.#firstSeen(task);
    });
  }

  /** A pass has something to do. */
  get hasWork(): boolean {
    return this.#open.size > 0;
  }

  /**
   * Decides about waiting tasks, at most about `limit` of them. What is placed
   * counts as taken from now on.
   * @param wallMs now, by the clock that tasks bear the times of
   */
  decide(limit: number, wallMs: number): Decisions {
    const placements: Placement[] = [];
    const refusals: Refusal[] = [];
    for (const revision of this.#open) {
      const wanted = Math.min(limit - placements.length, revision.waitingCount);
      if (wanted === 0) break;
      const placed = this.#place(revision, wanted, wallMs);
      for (const placement of placed) placements.push(placement);
      if (revision.waitingCount === 0) {
        this.#open.delete(revision);
      } else if (placed.length < wanted) {
        this.#open.delete(revision);
        this.#blocked.add(revision);
        refusals.push(...this.#refusals(revision));
      }
    }
    return { placements, refusals };
  }

  /**
   * The placement was not written (the task changed, the proposal was dropped):
   * what it took is free again.
   */
  abandon(taskId: TaskId, current: Task | undefined): void {
    const flight = this.#inFlight.get(taskId);
    if (flight === undefined) return;
    this.#takeBack(taskId, flight);
    if (current !== undefined && isWaiting(current)) this.#wait(current);
    this.tryAgain();
  }

  /**
   * What a task of the revision asks, and the nodes as it would find them.
   * @param wallMs now, by the clock that tasks bear the times of
   */
  factsFor(serviceId: ServiceId, revision: number, wallMs: number): PlacementFacts | undefined {
    const state = this.#revisions.get(serviceId)?.find(({ number }) => number === revision);
    if (state === undefined) return undefined;
    const { demand, failures } = state;
    const strategy = this.#strategy;
    return { demand, strategy, nodes: [...this.#index.all()], avoided: failures.avoided(wallMs) };
  }

  /** Every waiting task is tried at the next pass, and told why where there is still no node. */
  tryAgain(): void {
    for (const revision of this.#blocked) this.#open.add(revision);
    this.#blocked.clear();
  }

  #place(revision: RevisionState, wanted: number, wallMs: number): readonly Placement[] {
    const { bound, waiting } = revision;
    const there = bound.size === 0 ? [] : this.#placeBound(revision, wanted);
    this.#takeOff(bound, there);
    if (waiting.size === 0 || there.length >= wanted) return there;
    const anywhere = this.#placeAnywhere(revision, wanted - there.length, wallMs);
    this.#takeOff(waiting, anywhere);
    return there.length === 0 ? anywhere : [...there, ...anywhere];
  }

  #placeBound(revision: RevisionState, wanted: number): readonly Placement[] {
    const { demand, bound } = revision;
    const group = { kind: this.#kindOf(revision), demand, tasks: [...bound.values()] };
    return placeBoundTasks(this.#index, group, wanted);
  }

  #placeAnywhere(revision: RevisionState, wanted: number, wallMs: number): readonly Placement[] {
    const { demand, waiting } = revision;
    const avoided = revision.failures.avoided(wallMs, this.#avoidance);
    const tasks = wanted < waiting.size ? firstOf(waiting.keys(), wanted) : [...waiting.keys()];
    const strategy = this.#strategy;
    const group = { kind: this.#kindOf(revision), demand, tasks, avoided, strategy };
    return placeTasks(this.#index, group);
  }

  #takeOff(waiting: Map<TaskId, Task>, placed: readonly Placement[]): void {
    for (const { taskId, nodeId, generics } of placed) {
      const task = waiting.get(taskId);
      assert(task !== undefined, `task ${taskId} was placed and does not wait`);
      const given = generics === undefined ? task : { ...task, generics };
      this.#inFlight.set(taskId, { nodeId, task: given });
      waiting.delete(taskId);
    }
  }

  /** Saying again what a task says already would be a write for nothing. */
  #refusals(revision: RevisionState): Refusal[] {
    const { serviceId, demand, waiting, bound } = revision;
    const ofBound = [...bound.values()].flatMap((task) => {
      const node = task.nodeId && this.#index.get(task.nodeId);
      return node ? refuse([task], explainRefusal([node], demand, serviceId)) : [];
    });
    if (waiting.size === 0) return ofBound;
    const reason = explainRefusal(this.#index.all(), demand, serviceId);
    return [...ofBound, ...refuse([...waiting.values()], reason)];
  }

  #observeNode(before: Node | undefined, after: Node | undefined): void {
    if (after !== undefined) this.#index.setNode(after);
    else if (before !== undefined) this.#index.removeNode(before.id);
    if (before === undefined || after === undefined || couldUnblock(before, after)) {
      this.tryAgain();
    }
  }

  #observeTask(before: Task | undefined, after: Task | undefined): void {
    const id = (after ?? before)?.id;
    const flight = id === undefined ? undefined : this.#inFlight.get(id);
    if (id !== undefined && flight !== undefined) {
      const underWay = after !== undefined && !isPlaced(after) && !isTerminal(after.status.state);
      if (underWay) return;
      if (after !== undefined && after.nodeId === flight.nodeId && countsAs(after, flight.task)) {
        this.#inFlight.delete(id); // counted since it was decided
        return;
      }
      this.#takeBack(id, flight);
      // Others may have been refused for the sake of what it took.
      this.tryAgain();
    }
    if (before === undefined) {
      if (after !== undefined) this.#firstSeen(after);
      return;
    }
    this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
    if (after !== undefined && hasJustEnded(before, after)) {
      this.#revisionOf(after).failures.note(after);
    }
    if (after !== undefined && isWaiting(after)) this.#wait(after);
    else this.#waitNoMore(before);
    if (freesRoom(before, after)) this.tryAgain();
  }

  /** Of a task that is seen for the first time the end is news, too. */
  #firstSeen(task: Task): void {
    this.#count(task, 1);
    if (isTerminal(task.status.state)) this.#revisionOf(task).failures.note(task);
    else if (isWaiting(task)) this.#wait(task);
  }

  #observeRevision(before: Revision | undefined, after: Revision | undefined): void {
    if (after !== undefined) {
      const { serviceId } = after;
      const state = new RevisionState(after);
      const others = this.#revisions.get(serviceId);
      if (others === undefined) this.#revisions.set(serviceId, [state]);
      else others.push(state);
    } else if (before !== undefined) {
      const left = this.#revisions.get(before.serviceId)?.filter((r) => r.number !== before.number);
      if (left === undefined || left.length === 0) this.#revisions.delete(before.serviceId);
      else this.#revisions.set(before.serviceId, left);
    }
  }

  #wait(task: Task): void {
    const revision = this.#revisionOf(task);
    const waiting = task.nodeId === undefined ? revision.waiting : revision.bound;
    const isNew = !waiting.has(task.id);
    waiting.set(task.id, task);
    // A new task of a revision that is blocked is tried, too: it will be told why it has to wait.
    if (!isNew || (this.#blocked.has(revision) && task.status.error !== undefined)) return;
    this.#blocked.delete(revision);
    this.#open.add(revision);
  }

  #waitNoMore(task: Task): void {
    const revision = this.#revisionOf(task);
    if (!revision.waitNoMore(task.id) || revision.waitingCount > 0) return;
    this.#open.delete(revision);
    this.#blocked.delete(revision);
  }

  #count(task: Task, change: 1 | -1): void {
    if (task.nodeId !== undefined && holdsResources(task)) this.#countOn(task.nodeId, task, change);
  }

  #countOn(nodeId: NodeId, task: Task, change: 1 | -1): void {
    const revision = this.#revisionOf(task);
    const { demand } = revision;
    this.#index.change(nodeId, (load) => {
      if (change === 1) load.hold(demand, task.generics);
      else load.release(demand, task.generics);
      if (isWanted(task.desired)) this.#index.countTask(load, this.#kindOf(revision), change);
    });
  }

  #kindOf(state: RevisionState): TaskKind {
    return (state.kind ??= this.#newKind(state));
  }

  #newKind({ serviceId, revision }: RevisionState): TaskKind {
    const known = this.#revisions.get(serviceId)?.flatMap(({ kind }) => kind ?? []) ?? [];
    const alike = known.find((kind) => kind.includes(revision));
    if (alike !== undefined) return alike;
    for (const kind of known) kind.standBeside(this.#index.holders(serviceId));
    return new TaskKind(revision, known.length === 0 ? "only" : "beside");
  }

  /** Frees what a placement took when it was decided. */
  #takeBack(taskId: TaskId, { nodeId, task }: Flight): void {
    this.#inFlight.delete(taskId);
    this.#countOn(nodeId, task, -1);
  }

  #revisionOf({ serviceId, revision: number }: Task): RevisionState {
    const revision = this.#revisions.get(serviceId)?.find((r) => r.number === number);
    assert(revision !== undefined, `revision ${number} of ${serviceId} is gone and has tasks`);
    return revision;
  }
}

/** The task wants a node, or word that its own will do. */
export function isWaiting(task: Task): boolean {
  return task.status.state === "pending" && isWanted(task.desired);
}

/** Only the tasks that do not say so already. */
function refuse(tasks: readonly Task[], reason: string): Refusal[] {
  const silent = tasks.filter((task) => task.status.error !== reason);
  return silent.length === 0 ? [] : [{ taskIds: silent.map((task) => task.id), reason }];
}

/** Both hold room and are wanted, or not: for its node's load one is as good as the other. */
function countsAs(task: Task, placed: Task): boolean {
  return holdsResources(task) && isWanted(task.desired) === isWanted(placed.desired);
}

function hasJustEnded(before: Task, after: Task): boolean {
  return isTerminal(after.status.state) && !isTerminal(before.status.state);
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
