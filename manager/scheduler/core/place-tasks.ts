/**
 * Puts a group of like tasks on nodes, one after the other, each on the best node that then stands.
 */
import type { PlacementStrategy } from "../../../shared/docker-api/swarm-spec.js";
import type { GenericShare } from "../../../shared/model/generic-resources.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import {
  type Admission,
  type Candidates,
  type Search,
  SpreadByLabels,
  SpreadByService,
} from "./candidates.js";
import type { Demand } from "./demand.js";
import { classAccepts, nodeAccepts } from "./filters.js";
import type { NodeIndex } from "./node-index.js";
import type { NodeLoad } from "./node-load.js";
import type { TaskKind } from "./task-kind.js";

/** Tasks of one revision of a service: they ask the same of a node. */
export interface TaskGroup {
  readonly kind: TaskKind;
  readonly demand: Demand;
  readonly tasks: Iterable<TaskId>;
  /** Nodes that get a task only where no other takes it. */
  readonly avoided: ReadonlySet<NodeId>;
  readonly strategy: PlacementStrategy;
}

export interface Placement {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  /** What it gets of the node's generic resources; absent where it asks for none. */
  readonly generics?: readonly GenericShare[];
}

/**
 * Places as many tasks as fit, in their order, and counts them in the index. The rest finds no
 * node: a task that does not fit leaves none that do behind it, as they all ask the same.
 */
export function placeTasks(index: NodeIndex, group: TaskGroup): Placement[] {
  const { kind, demand, avoided, strategy } = group;
  const placements: Placement[] = [];
  const tasks = group.tasks[Symbol.iterator]();
  let task = tasks.next();
  for (const admits of rounds(avoided)) {
    if (task.done === true) break;
    const candidates = candidatesFor(index, { kind, demand, admits, strategy });
    for (let load = candidates.next(); load !== undefined; load = candidates.next()) {
      placements.push(place(task.value, load, { index, group }));
      candidates.putBack(load);
      task = tasks.next();
      if (task.done === true) break;
    }
    candidates.close();
  }
  return placements;
}

/** @param load is taken out of the index */
function place(
  taskId: TaskId,
  load: NodeLoad,
  { index, group }: { index: NodeIndex; group: Pick<TaskGroup, "kind" | "demand"> },
): Placement {
  const { kind, demand } = group;
  const nodeId = load.node.id;
  const generics = load.chooseGenerics(demand.generics);
  load.hold(demand, generics);
  index.countTask(load, kind, 1);
  return generics === undefined ? { taskId, nodeId } : { taskId, nodeId, generics };
}

/** Nodes that are avoided come last, and where none is there is one round for all. */
function rounds(avoided: ReadonlySet<NodeId>): readonly Admission[] {
  if (avoided.size === 0) return [() => true];
  return [({ node }) => !avoided.has(node.id), ({ node }) => avoided.has(node.id)];
}

function candidatesFor(index: NodeIndex, search: Search): Candidates {
  const byServiceAlone = search.demand.spreadOver.length === 0 && search.strategy === "spread";
  return byServiceAlone ? new SpreadByService(index, search) : new SpreadByLabels(index, search);
}

/** Tasks that each name the node that they are for. */
export interface BoundGroup {
  readonly kind: TaskKind;
  readonly demand: Demand;
  readonly tasks: readonly Task[];
}

/** Places those whose node accepts them, at most `limit`. */
export function placeBoundTasks(index: NodeIndex, group: BoundGroup, limit: number): Placement[] {
  const { demand } = group;
  const { serviceId } = group.kind;
  const placements: Placement[] = [];
  for (const { id: taskId, nodeId } of group.tasks) {
    if (placements.length >= limit) break;
    const load = nodeId && index.get(nodeId);
    if (!load || !accepts(load, demand, serviceId)) continue;
    index.change(load.node.id, () => {
      placements.push(place(taskId, load, { index, group }));
    });
  }
  return placements;
}

function accepts(load: NodeLoad, demand: Demand, service: ServiceId): boolean {
  return classAccepts(load, demand, service) && nodeAccepts(load, demand, service);
}
