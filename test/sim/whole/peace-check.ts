/**
 * DESIGN 5, point 12: after the last trouble every service soon is what is wanted of it, or says why
 * not; and the engines run exactly that. What is wanted is worked out here once more, from the
 * specs, the nodes and the contract.
 */
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { NetworkAddresses } from "../../../shared/model/network.js";
import type { Node } from "../../../shared/model/node.js";
import type { Service } from "../../../shared/model/service.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { hasGenericsFor } from "./generic-holdings.js";
import { type Ground, newestByPlace, placeOf } from "./ground.js";
import { capacityOf, fitsInto, holdersOn, reservedBy } from "./holdings.js";
import { isLasting } from "./images.js";
import { endedForGood } from "./update-course.js";

/** The task before it stops, its address rests for a minute, and then it is tried again. */
const RESTED_WITHIN_MS = 90_000;

/** Everything that is not as it should be by now, a line each. */
export function discontents(ground: Ground): readonly string[] {
  const { view } = ground;
  const services = view.services().flatMap((service) => ofService(ground, service));
  const left = view.tasks().flatMap((task) => {
    if (isWanted(task.desired) || isTerminal(task.status.state) || !isPlaced(task)) return [];
    return ground.isInReach(task.nodeId) ? [`${task.id} should have stopped`] : [];
  });
  return [...services, ...left, ...overfull(ground), ...onHosts(ground)];
}

/** A paused node keeps what it has, and a drained one is emptied anyway. */
function overfull(ground: Ground): string[] {
  const { view } = ground;
  const full = view.nodes().filter((node) => {
    return !fitsInto(capacityOf(node), reservedBy(view, holdersOn(view, node.id)));
  });
  return full
    .filter(({ id }) => ground.isOpen(id))
    .map(({ id }) => `${id} has promised more than it has`);
}

function onHosts(ground: Ground): string[] {
  return ground.workers.flatMap(({ name, engine, hasLeft }) => {
    const running = engine.present().filter((id) => engine.truth(id).kind === "running");
    if (hasLeft && engine.present().length > 0) return [`${name} has left, and is not empty`];
    return running.flatMap((id) => {
      const task = ground.view.task(id);
      const isRight = task !== undefined && isWanted(task.desired) && task.nodeId === name;
      return isRight ? [] : [`${name} runs ${id}`];
    });
  });
}

function ofService(ground: Ground, service: Service): string[] {
  const { Replicated: replicated, Global: global } = service.frame.Mode ?? {};
  const { ReplicatedJob: job } = service.frame.Mode ?? {};
  const tasks = ground.view.tasksOfService(service.id);
  const wanted = tasks.filter(({ desired }) => isWanted(desired));
  const restless = wanted.flatMap((task) => ofTask(ground, service, task));
  restless.push(...doubles(ground, wanted));
  if (replicated !== undefined) {
    const held = new Set(tasks.filter(({ desired }) => desired !== "remove").map(placeOf));
    const count = replicated.Replicas ?? 1;
    if (held.size !== count) restless.push(`${service.id} has ${held.size} slots of ${count}`);
  }
  if (job !== undefined) restless.push(...ofJob(service, wanted));
  if (global !== undefined) restless.push(...onEveryNode(ground, service, tasks));
  return [...restless, ...updateEnds(ground, service, wanted)];
}

/** Start-first, the older stays while the newer does not come up; and not a moment longer. */
function doubles(ground: Ground, wanted: readonly Task[]): string[] {
  const newest = newestByPlace(ground, wanted);
  return wanted.flatMap((task) => {
    const other = newest.get(placeOf(task));
    if (other === undefined || other === task || other.status.state !== "running") return [];
    return [`${task.id} is at ${placeOf(task)} beside ${other.id}, which runs`];
  });
}

function ofTask(ground: Ground, service: Service, task: Task): string[] {
  const { state } = task.status;
  const { view } = ground;
  const template = view.revision(task.serviceId, task.revision)?.template;
  // What does not last is always on its way somewhere.
  if (!isLasting(template?.ContainerSpec?.Image)) return [];
  if (state === "new") return isRightlyNew(ground, task);
  if (state === "pending") return isRightlyPending(ground, service, task);
  if (isRecord(ground, task)) return [];
  if (state !== "running") return [`${task.id} at ${placeOf(task)} is ${state}, ${task.desired}`];
  const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
  if (node?.status.state !== "ready" || node.spec.Availability === "drain") {
    return isAwaited(ground, task) ? [] : [`${task.id} is on ${node?.id ?? "no node"}`];
  }
  const fits = matchesNode(parseConstraints(template?.Placement?.Constraints ?? []), node);
  if (!fits && ground.isOpen(node.id) && !isAwaited(ground, task)) {
    return [`${task.id} is on ${node.id}, against its constraints`];
  }
  if (!ground.runs(task)) return [`${task.id} does not run on ${node.id}`];
  return [];
}

/** Start-first, it failed beside the older task, which runs on, and its policy says no to another try. */
function isRecord(ground: Ground, task: Task): boolean {
  if (!endedForGood(ground, task)) return false;
  return ground.view
    .tasksOfService(task.serviceId)
    .filter(({ desired }) => isWanted(desired))
    .some((other) => placeOf(other) === placeOf(task) && other.status.state === "running");
}

/** A drained node's task, start-first, runs on while what replaces it finds no room. */
function isAwaited(ground: Ground, task: Task): boolean {
  return ground.view
    .tasksOfService(task.serviceId)
    .filter(({ id, desired }) => id !== task.id && isWanted(desired))
    .some((other) => placeOf(other) === placeOf(task) && other.status.state !== "running");
}

/** It says which network is full, and that is so. */
function isRightlyNew({ nowMs, tasks: known, view }: Ground, task: Task): string[] {
  const { id, status } = task;
  const { error = "" } = status;
  const [, name = "", size] = /^network (\S+) is full: the (\d+) addresses /.exec(error) ?? [];
  const network = view.networkByName(name);
  if (network === undefined) return [`${id} is new, and says of it: ${error}`];
  const isOn = (all: readonly NetworkAddresses[] = []): boolean =>
    all.some(({ networkId }) => networkId === network.id);
  const tasks = view.tasks().filter(({ status }) => !isTerminal(status.state));
  const holders =
    tasks.filter(({ addresses }) => isOn(addresses)).length +
    view.services().filter(({ endpoint }) => isOn(endpoint?.vips)).length;
  // Each node has an address of its own there, or may need one.
  const nodes = view.nodes().length;
  const madeMs = known.get(id)?.createdMs ?? 0;
  if (/given back within the last minute/.test(error) && nowMs - madeMs <= RESTED_WITHIN_MS)
    return [];
  return holders + nodes >= Number(size) ? [] : [`${id} is new: ${error}`];
}

/** It says why it has no node, and that is so. */
function isRightlyPending(ground: Ground, service: Service, task: Task): string[] {
  const { error } = task.status;
  if (error === undefined) return [`${task.id} waits for a node, and does not say why`];
  if (task.nodeId !== undefined) return [];
  const fit = ground.view.nodes().find((node) => couldRun(ground, task, node));
  if (fit === undefined) return [];
  return [`${task.id} of ${service.id} waits, and ${fit.id} would do: ${error}`];
}

function couldRun(ground: Ground, task: Task, node: Node): boolean {
  const { view } = ground;
  const revision = view.revision(task.serviceId, task.revision);
  const { Placement: placement } = revision?.template ?? {};
  if (!ground.isOpen(node.id)) return false;
  if (!matchesNode(parseConstraints(placement?.Constraints ?? []), node)) return false;
  const holders = holdersOn(view, node.id);
  const most = placement?.MaxReplicas ?? 0;
  const own = holders.filter(({ serviceId, desired }) => {
    return serviceId === task.serviceId && isWanted(desired);
  });
  if (most > 0 && own.length >= most) return false;
  const ports = new Set((revision?.hostPorts ?? []).map(({ PublishedPort: port }) => port));
  const isTaken = holders
    .flatMap((other) => view.revision(other.serviceId, other.revision)?.hostPorts ?? [])
    .some(({ PublishedPort: port }) => ports.has(port));
  if (isTaken || !hasGenericsFor(view, node, revision?.template ?? {})) return false;
  return fitsInto(capacityOf(node), reservedBy(view, [...holders, task]));
}

function onEveryNode(ground: Ground, service: Service, tasks: readonly Task[]): string[] {
  const { view } = ground;
  const template = view.revision(service.id, service.revision)?.template;
  const constraints = parseConstraints(template?.Placement?.Constraints ?? []);
  return view.nodes().flatMap((node) => {
    const here = tasks.filter(({ nodeId, desired }) => nodeId === node.id && desired !== "remove");
    const wanted = here.filter(({ desired }) => isWanted(desired));
    const fits = matchesNode(constraints, node);
    if (ground.isOpen(node.id) && fits && here.length === 0) {
      return [`${service.id} is not on ${node.id}`];
    }
    const isBarred = node.spec.Availability === "drain" || !fits;
    return isBarred && wanted.length > 0 ? [`${service.id} is on ${node.id}`] : [];
  });
}

function ofJob(service: Service, wanted: readonly Task[]): string[] {
  const { MaxConcurrent: concurrent = 1, TotalCompletions: total = 1 } =
    service.frame.Mode?.ReplicatedJob ?? {};
  const open = wanted.filter(({ status }) => !isTerminal(status.state));
  if (open.length > concurrent) return [`${service.id} has ${open.length} tasks at once`];
  const done = wanted.filter(({ status }) => status.state === "complete");
  return done.length > total && open.length > 0 ? [`${service.id} has done enough`] : [];
}

/** Where all of its tasks could run, nothing old is left, and the update is over. */
function updateEnds(ground: Ground, service: Service, wanted: readonly Task[]): string[] {
  const { view } = ground;
  const { state = "completed" } = service.update ?? {};
  if (state.endsWith("paused") || service.frame.UpdateConfig === undefined) return [];
  const current = view.revision(service.id, service.revision);
  if (!isLasting(current?.template.ContainerSpec?.Image)) return [];
  const isBlocked = wanted.some((task) => {
    const onTheWay = task.status.state !== "running";
    const resting = task.slot === 0 && !ground.isOpen(task.nodeId!);
    return onTheWay || resting;
  });
  if (isBlocked) return [];
  const old = [...newestByPlace(ground, wanted).values()].filter((task) => {
    return !ground.isCurrent(task);
  });
  if (old.length > 0) return [`${service.id} still has ${old.map(({ id }) => id).join()}`];
  return state.endsWith("completed") ? [] : [`the update of ${service.id} is ${state}`];
}
