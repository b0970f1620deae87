/**
 * What a user means by `web`: the object with this id, else the one with this name, else the only
 * one whose id begins so. The order is Docker's.
 */
import {
  AmbiguousError,
  NotFoundError,
  type ObjectKind,
} from "../../../shared/errors/cluster-error.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { isRemoved, type Network } from "../../../shared/model/network.js";
import { type Node, nodeHostname } from "../../../shared/model/node.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { nameOfSlot } from "../../explain/core/place-name.js";
import { groupBySlot, latestTask } from "../../orchestrator/core/slot.js";
import { taskName } from "../../store/core/task-name.js";
import type { StoreView } from "../../store/core/view.js";

/** One that was removed is nowhere to be found. @throws NotFoundError, AmbiguousError */
export function findNetwork(view: StoreView, reference: string): Network {
  const present = view.networks().filter((network) => !isRemoved(network));
  return (
    present.find(({ id }) => id === reference) ??
    view.networkByName(reference) ??
    onlyWithPrefix("network", reference, present)
  );
}

/** @throws NotFoundError, AmbiguousError */
export function findService(view: StoreView, reference: string): Service {
  return (
    view.service(reference as ServiceId) ??
    view.serviceByName(reference) ??
    onlyWithPrefix("service", reference, view.services())
  );
}

/** @throws NotFoundError, AmbiguousError also where two nodes have this host name. */
export function findNode(view: StoreView, reference: string): Node {
  const exact = view.node(reference as NodeId);
  if (exact !== undefined) return exact;
  const named = view.nodes().filter((node) => nodeHostname(node) === reference);
  if (named.length > 0) return only("node", reference, named);
  return onlyWithPrefix("node", reference, view.nodes());
}

/** @throws NotFoundError, AmbiguousError */
export function findTask(view: StoreView, reference: string): Task {
  const exact = view.task(reference as TaskId) ?? view.task(lastPart(reference) as TaskId);
  if (exact !== undefined && (exact.id === reference || taskName(view, exact) === reference)) {
    return exact;
  }
  return onlyWithPrefix("task", reference, view.tasks());
}

/**
 * Besides its id and its name a task is known by its place: `web.3`, or `agent.host1` where the node
 * stands for the slot. Of those that are remembered there it is the newest.
 * @throws NotFoundError, AmbiguousError
 */
export function findTaskAt(view: StoreView, reference: string): Task {
  // Names of services have no dot, those of hosts may.
  const service = view.serviceByName(reference.slice(0, Math.max(0, reference.indexOf("."))));
  const slots = service === undefined ? [] : groupBySlot(view.tasksOfService(service.id));
  const slot = slots.find(
    (each) => service !== undefined && nameOfSlot(view, service.id, each.key) === reference,
  );
  const newest = slot && (latestTask(slot) ?? slot.leaving.at(-1));
  return newest ?? findTask(view, reference);
}

/** A task's name ends with its id. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function onlyWithPrefix<T extends { readonly id: string }>(
  kind: ObjectKind,
  prefix: string,
  objects: readonly T[],
): T {
  const found = prefix === "" ? [] : objects.filter((object) => object.id.startsWith(prefix));
  return only(kind, prefix, found);
}

function only<T>(kind: ObjectKind, reference: string, found: readonly T[]): T {
  const [first] = found;
  if (first === undefined) throw new NotFoundError(kind, reference);
  if (found.length > 1) throw new AmbiguousError(kind, reference, found.length);
  return first;
}
