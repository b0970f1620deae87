/** Tasks of a service that come no further by themselves, grouped by what they wait for. */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { nodeHostname } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { ImaginedWorld } from "./imagined-world.js";
import { placeName } from "./place-name.js";
import { judgePlacement, type PlacementVerdict } from "./placement.js";

export interface WaitingTasks {
  readonly names: readonly string[];
  readonly reason: string;
  /** For those that wait for a node. */
  readonly verdict?: PlacementVerdict;
}

export function waitingTasks(world: ImaginedWorld, serviceId: ServiceId): readonly WaitingTasks[] {
  const { view } = world;
  const groups = new Map<string, { readonly first: Task; readonly names: string[] }>();
  for (const task of view.tasksOfService(serviceId)) {
    const reason = whatFor(world, task);
    if (reason === undefined) continue;
    const key = `${task.revision}\n${reason}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: task, names: [placeName(view, task)] });
    else group.names.push(placeName(view, task));
  }
  return [...groups].map(([key, { first, names }]) => ({
    names,
    reason: key.slice(key.indexOf("\n") + 1),
    ...verdictOn(world, first),
  }));
}

function whatFor({ view }: ImaginedWorld, task: Task): string | undefined {
  const { state, error } = task.status;
  if (!isWanted(task.desired) || isTerminal(state) || state === "running") return undefined;
  if (!isPlaced(task)) return error ?? task.status.message;
  const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
  if (node === undefined || node.status.state === "ready") return undefined;
  return `${nodeHostname(node)} is ${node.status.state}`;
}

export function verdictOn(
  world: ImaginedWorld,
  task: Task,
): { readonly verdict?: PlacementVerdict } {
  if (task.status.state !== "pending") return {};
  const { view } = world;
  const facts = world.placementFacts(task.serviceId, task.revision);
  if (facts === undefined) return {};
  const boundTo: NodeId | undefined = task.nodeId;
  return { verdict: judgePlacement(view, task.serviceId, facts, boundTo) };
}
