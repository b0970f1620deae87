/** A task as the API shows it: with its revision's template spelled out. */
import type {
  Task as ShownTask,
  TaskStatus as ShownStatus,
} from "../../../shared/docker-api/task.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import { genericResources } from "../../../shared/model/generic-resources.js";
import { isJob } from "../../../shared/model/service.js";
import type { ContainerStatus, Task, TaskStatus } from "../../../shared/model/task.js";
import { backOffOf } from "../../orchestrator/core/cluster-rules.js";
import { backOffWords } from "../../orchestrator/core/restart.js";
import { shownSlot, taskName } from "../../store/core/task-name.js";
import type { StoreView } from "../../store/core/view.js";
import { showAttachment } from "./show-network.js";
import { showTime } from "./show-time.js";

/** The docker CLI reads `Spec.ContainerSpec.Image` without looking whether it is there. */
const NO_TEMPLATE = { ContainerSpec: { Image: "" } };

export function showTask(view: StoreView, task: Task): ShownTask {
  const revision = view.revision(task.serviceId, task.revision);
  const slot = shownSlot(view, task);
  return {
    ID: task.id,
    Version: { Index: task.version },
    CreatedAt: showTime(task.createdAtMs),
    UpdatedAt: showTime(task.updatedAtMs),
    Name: taskName(view, task),
    Labels: {},
    Spec: revision?.template ?? NO_TEMPLATE,
    ServiceID: task.serviceId,
    ...jobIterationOf(view, task),
    ...(slot === undefined ? {} : { Slot: slot }),
    ...(task.nodeId === undefined ? {} : { NodeID: task.nodeId }),
    ...(task.generics === undefined
      ? {}
      : { AssignedGenericResources: genericResources(task.generics) }),
    Status: showStatus(withBackOff(view, task, revision?.template)),
    DesiredState: task.desired,
    ...(task.addresses === undefined
      ? {}
      : { NetworksAttachments: task.addresses.map((one) => showAttachment(view, one)) }),
  };
}

/** The run of the job that the task belongs to: each run is a revision. */
function jobIterationOf(view: StoreView, task: Task): Pick<ShownTask, "JobIteration"> {
  const service = view.service(task.serviceId);
  if (service === undefined || !isJob(service.frame)) return {};
  return { JobIteration: { Index: task.revision } };
}

/** A task that backs off says so, in place of nothing. */
function withBackOff(view: StoreView, task: Task, template: TaskSpec = {}): TaskStatus {
  const { status } = task;
  const policy = template.RestartPolicy ?? {};
  const error = backOffWords(task, policy, backOffOf(view)) ?? status.error;
  return error === undefined ? status : { ...status, error };
}

function showStatus(status: TaskStatus): ShownStatus {
  return {
    Timestamp: showTime(status.atMs),
    State: status.state,
    Message: status.message,
    ...(status.error === undefined || status.error === "" ? {} : { Err: status.error }),
    ...(status.container === undefined ? {} : { ContainerStatus: showContainer(status.container) }),
    PortStatus: portsOf(status),
  };
}

function showContainer(container: ContainerStatus): NonNullable<ShownStatus["ContainerStatus"]> {
  return {
    ContainerID: container.containerId,
    PID: container.pid,
    ExitCode: container.exitCode ?? 0,
  };
}

function portsOf(status: TaskStatus): NonNullable<ShownStatus["PortStatus"]> {
  const ports = status.ports ?? [];
  if (ports.length === 0) return {};
  return {
    Ports: ports.map((port) => ({
      Protocol: port.protocol,
      TargetPort: port.targetPort,
      PublishedPort: port.publishedPort,
      PublishMode: "host",
    })),
  };
}
