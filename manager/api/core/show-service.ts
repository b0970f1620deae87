/**
 * A service as the API shows it: its frame and its revision's template put together again to
 * the spec that was declared.
 */
import type { Endpoint, EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type {
  JobStatus,
  RebalanceStatus,
  Service as ShownService,
  ServiceFrame,
  ServiceSpec,
  ServiceStatus,
  UpdateStatus,
} from "../../../shared/docker-api/service-spec.js";
import {
  isJob,
  type RebalanceProgress,
  type Service,
  type UpdateProgress,
} from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import type { StoreView } from "../../store/core/view.js";
import { withPrefix } from "./show-network.js";
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
    Endpoint: endpointOf(view, service),
    ...(service.update === undefined ? {} : { UpdateStatus: showUpdate(service.update) }),
    ...(service.rebalance === undefined
      ? {}
      : { RebalanceStatus: showRebalance(service.rebalance) }),
    ...(isJob(service.frame) ? { JobStatus: jobStatusOf(view, service) } : {}),
  };
}

function showUpdate(update: UpdateProgress): UpdateStatus {
  const { state, message, startedAtMs, completedAtMs } = update;
  return {
    State: state,
    StartedAt: showTime(startedAtMs),
    ...(completedAtMs === undefined ? {} : { CompletedAt: showTime(completedAtMs) }),
    Message: message,
  };
}

function showRebalance(rebalance: RebalanceProgress): RebalanceStatus {
  const { state, by, message, startedAtMs, completedAtMs, moved, avoided } = rebalance;
  return {
    State: state,
    By: by,
    StartedAt: showTime(startedAtMs),
    ...(completedAtMs === undefined ? {} : { CompletedAt: showTime(completedAtMs) }),
    Moved: moved,
    ...(avoided.length === 0 ? {} : { Avoided: [...avoided] }),
    Message: message,
  };
}

/** Each run of a job is a revision of its template: their numbers rise, and are never used again. */
function jobStatusOf(view: StoreView, { id, revision: run }: Service): JobStatus {
  const startedAtMs = view.revision(id, run)?.createdAtMs;
  return {
    JobIteration: { Index: run },
    ...(startedAtMs === undefined ? {} : { LastExecution: showTime(startedAtMs) }),
  };
}

/** How far the cluster has come with a service: what `service ls` shows. */
export function countTasks(view: StoreView, service: Service): ServiceStatus {
  const { ReplicatedJob: job, Replicated: replicated } = service.frame.Mode ?? {};
  if (isJob(service.frame)) {
    const counted = view.tasksOfService(service.id).filter((task) => counts(view, task));
    return countRun(service, counted, job?.MaxConcurrent);
  }
  let running = 0;
  let wanted = 0;
  view.visitTasksOfService(service.id, (task) => {
    if (!counts(view, task)) return;
    if (task.status.state === "running") running++;
    if (task.desired === "running") wanted++;
  });
  return {
    RunningTasks: running,
    DesiredTasks: replicated?.Replicas ?? wanted,
    CompletedTasks: 0,
  };
}

/** A task on a node that is down may run there, and does not count. */
function counts(view: StoreView, { nodeId }: Task): boolean {
  return nodeId === undefined || view.node(nodeId)?.status.state !== "down";
}

/**
 * Of a job the tasks of its present run. As in Docker a replicated job wants as many as may run at
 * once, whatever is left of it; a global job those that are not complete yet.
 */
function countRun(service: Service, all: readonly Task[], concurrent?: number): ServiceStatus {
  const tasks = all.filter((task) => task.revision === service.revision);
  const completed = tasks.filter((task) => task.status.state === "complete").length;
  const wanted = tasks.filter((task) => isWanted(task.desired) && task.status.state !== "complete");
  return {
    RunningTasks: tasks.filter((task) => task.status.state === "running").length,
    DesiredTasks: concurrent ?? wanted.length,
    CompletedTasks: completed,
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
function endpointOf(view: StoreView, { frame, endpoint }: Service): Endpoint {
  if (endpoint !== undefined) {
    const VirtualIPs = endpoint.vips.flatMap(({ networkId, addresses }) =>
      addresses.map((address) => ({
        NetworkID: networkId,
        Addr: withPrefix(view.network(networkId), address),
      })),
    );
    return {
      Spec: frame.EndpointSpec ?? {},
      ...(endpoint.ports.length === 0 ? {} : { Ports: [...endpoint.ports] }),
      ...(VirtualIPs.length === 0 ? {} : { VirtualIPs }),
    };
  }
  const spec = frame.EndpointSpec ?? {};
  const ports = (spec.Ports ?? []).filter(isGiven);
  return { Spec: spec, ...(ports.length === 0 ? {} : { Ports: ports }) };
}

function isGiven(port: EndpointPortConfig): boolean {
  return port.PublishMode === "host" && (port.PublishedPort ?? 0) > 0;
}
