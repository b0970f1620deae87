/**
 * A service as the API shows it: its frame and its revision's template put together again to
 * the spec that was declared.
 */
import type { Endpoint, EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type {
  Service as ShownService,
  ServiceFrame,
  ServiceSpec,
  ServiceStatus,
} from "../../../shared/docker-api/service-spec.js";
import type { Service } from "../../../shared/model/service.js";
import type { StoreView } from "../../store/core/view.js";
import { showTime } from "./show-time.js";

export function showService(view: StoreView, service: Service): ShownService {
  const { previous } = service;
  return {
    ID: service.id,
    Version: { Index: service.version },
    CreatedAt: showTime(service.createdAtMs),
    UpdatedAt: showTime(service.updatedAtMs),
    Spec: wholeSpec(view, service, service),
    ...(previous === undefined ? {} : { PreviousSpec: wholeSpec(view, service, previous) }),
    Endpoint: endpointOf(service.frame),
  };
}

/** How far the cluster has come with a service: what `service ls` shows. */
export function countTasks(view: StoreView, service: Service): ServiceStatus {
  // A task on a node that is down may run there, and does not count.
  const tasks = view
    .tasksOfService(service.id)
    .filter(({ nodeId }) => nodeId === undefined || view.node(nodeId)?.status.state !== "down");
  const running = tasks.filter((task) => task.status.state === "running").length;
  const wanted = tasks.filter((task) => task.desired === "running").length;
  return {
    RunningTasks: running,
    DesiredTasks: service.frame.Mode?.Replicated?.Replicas ?? wanted,
    CompletedTasks: 0,
  };
}

/** The spec in the order of Docker's documents: name and labels first. */
function wholeSpec(
  view: StoreView,
  service: Service,
  at: { readonly frame: ServiceFrame; readonly revision: number },
): ServiceSpec {
  const { Name, Labels, ...rest } = at.frame;
  return {
    ...(Name === undefined ? {} : { Name }),
    Labels: Labels ?? {},
    TaskTemplate: view.revision(service.id, at.revision)?.template ?? {},
    ...rest,
  };
}

/** What came of the wish: ports on the tasks' own hosts need nobody to hand them out. */
function endpointOf(frame: ServiceFrame): Endpoint {
  const spec = frame.EndpointSpec ?? {};
  const ports = (spec.Ports ?? []).filter(isGiven);
  return { Spec: spec, ...(ports.length === 0 ? {} : { Ports: ports }) };
}

function isGiven(port: EndpointPortConfig): boolean {
  return port.PublishMode === "host" && (port.PublishedPort ?? 0) > 0;
}
