/** Which objects a list request asks for, by its filters. */
import type { ServiceFrame } from "../../../shared/docker-api/service-spec.js";
import { type Node, nodeHostname, nodeRole } from "../../../shared/model/node.js";
import { isJob, type Service, serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { DESIRED_STATES, OBSERVED_STATES } from "../../../shared/model/task-state.js";
import { taskName } from "../../store/core/task-name.js";
import type { StoreView } from "../../store/core/view.js";
import { checkWords, type Filters, passes, passesLabels, passesWord } from "./filters.js";
import { findNode, findService } from "./find-object.js";

export const SERVICE_FILTERS = ["id", "name", "label", "mode", "runtime"] as const;
export const TASK_FILTERS = [
  "id",
  "name",
  "label",
  "service",
  "node",
  "desired-state",
  "_up-to-date",
  "up-to-date",
  "runtime",
] as const;
export const NODE_FILTERS = ["id", "name", "label", "node.label", "membership", "role"] as const;

/** Who does not ask for a runtime means containers. */
const RUNTIME = "container";

export function selectServices(view: StoreView, filters: Filters): readonly Service[] {
  return view.services().filter((service) => {
    return (
      passes(filters, "id", (prefix) => service.id.startsWith(prefix)) &&
      passes(filters, "name", (prefix) => serviceName(service.frame).startsWith(prefix)) &&
      passesLabels(filters, "label", service.frame.Labels) &&
      passes(filters, "mode", (wanted) => modeWord(service.frame) === wanted) &&
      passes(filters, "runtime", (wanted) => wanted === RUNTIME || wanted === "")
    );
  });
}

function modeWord({ Mode: mode = {} }: ServiceFrame): string {
  if (mode.Global !== undefined) return "global";
  if (mode.ReplicatedJob !== undefined) return "replicated-job";
  return mode.GlobalJob === undefined ? "replicated" : "global-job";
}

/**
 * @throws MalformedRequestError, and NotFoundError or AmbiguousError for a service
 *   or node that is named.
 */
export function selectTasks(view: StoreView, filters: Filters): readonly Task[] {
  checkWords(filters, "desired-state", [...DESIRED_STATES, ...OBSERVED_STATES]);
  const services = filters.get("service")?.map((named) => findService(view, named).id);
  const nodes = filters.get("node")?.map((named) => findNode(view, named).id);
  const upToDate = ["_up-to-date", "up-to-date"].some((key) => (filters.get(key) ?? []).length > 0);
  return candidates(view, services, nodes).filter(
    (task) =>
      (nodes === undefined ||
        nodes.length === 0 ||
        (task.nodeId !== undefined && nodes.includes(task.nodeId))) &&
      passes(filters, "id", (prefix) => task.id.startsWith(prefix)) &&
      passes(filters, "name", (prefix) => taskName(view, task).startsWith(prefix)) &&
      // Tasks bear no labels of their own.
      passesLabels(filters, "label", {}) &&
      passesWord(filters, "desired-state", task.desired) &&
      passes(filters, "runtime", (wanted) => wanted === RUNTIME || wanted === "") &&
      (!upToDate || isUpToDate(view, task)),
  );
}

/** The shortest list that holds them all: a service's or a node's own tasks, where one is named. */
function candidates(
  view: StoreView,
  services: readonly Service["id"][] = [],
  nodes: readonly Node["id"][] = [],
): readonly Task[] {
  if (services.length > 0) return [...new Set(services)].flatMap((id) => view.tasksOfService(id));
  if (nodes.length > 0) return [...new Set(nodes)].flatMap((id) => view.tasksOfNode(id));
  return view.tasks();
}

/**
 * A task is current when its revision says the same as its service's; of a job, when it belongs to
 * the present run.
 */
function isUpToDate(view: StoreView, task: Task): boolean {
  const service = view.service(task.serviceId);
  if (service === undefined) return false;
  if (service.revision === task.revision) return true;
  if (isJob(service.frame)) return false;
  const wanted = view.revision(service.id, service.revision)?.hash;
  return wanted !== undefined && view.revision(service.id, task.revision)?.hash === wanted;
}

const MEMBERSHIPS = ["pending", "accepted"] as const;

/** @throws MalformedRequestError */
export function selectNodes(view: StoreView, filters: Filters): readonly Node[] {
  checkWords(filters, "role", ["worker", "manager"]);
  checkWords(filters, "membership", MEMBERSHIPS);
  return view.nodes().filter(
    (node) =>
      passes(filters, "id", (prefix) => node.id.startsWith(prefix)) &&
      passes(filters, "name", (prefix) => nodeHostname(node).startsWith(prefix)) &&
      passesLabels(filters, "label", node.description?.Engine?.Labels) &&
      passesLabels(filters, "node.label", node.spec.Labels) &&
      passesWord(filters, "role", nodeRole(node)) &&
      // A node that is here has been let in.
      passesWord(filters, "membership", "accepted"),
  );
}
