/** Why a service or a task is as it is, as the API shows it. */
import type {
  ExplainedTask,
  ServiceExplanation as ShownService,
  TaskExplanation as ShownTask,
} from "../../../shared/docker-api/foresight.js";
import { nodeHostname } from "../../../shared/model/node.js";
import { serviceName } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { ServiceExplanation } from "../../explain/core/explain-service.js";
import type { TaskExplanation } from "../../explain/core/explain-task.js";
import { placeName } from "../../explain/core/place-name.js";
import type { StoreView } from "../../store/core/view.js";
import { showSteps, showWaiting } from "./show-foresight.js";
import { showTime } from "./show-time.js";

type FromLeader = Pick<ShownService, "FromLeader">;

export function showServiceExplanation(
  view: StoreView,
  explained: ServiceExplanation,
  from: FromLeader,
): ShownService {
  const { service, foresight } = explained;
  const template = view.revision(service.id, service.revision)?.template;
  return {
    ID: service.id,
    Name: serviceName(service.frame),
    Wanted: explained.wanted,
    Image: template?.ContainerSpec?.Image ?? "",
    Revision: service.revision,
    Running: explained.running,
    Tasks: explained.tasks.map(({ task, standing }) => showTask(view, task, standing)),
    Circumstances: [...explained.circumstances],
    Waiting: explained.waiting.map((one) => showWaiting(view, one)),
    Next: showSteps(view, service.id, foresight.steps),
    Outlook: foresight.outlook,
    ...from,
  };
}

function showTask(view: StoreView, task: Task, standing: string): ExplainedTask {
  return {
    ID: task.id,
    Name: placeName(view, task),
    Revision: task.revision,
    State: task.status.state,
    DesiredState: task.desired,
    Standing: standing,
    ...nodeOf(view, task),
  };
}

function nodeOf(view: StoreView, { nodeId }: Task): Pick<ExplainedTask, "NodeID" | "Node"> {
  if (nodeId === undefined) return {};
  const node = view.node(nodeId);
  return { NodeID: nodeId, Node: node === undefined ? nodeId : nodeHostname(node) };
}

export function showTaskExplanation(
  view: StoreView,
  explained: TaskExplanation,
  from: FromLeader,
): ShownTask {
  const { task, story, standing, verdict, foresight, successor } = explained;
  const names = [placeName(view, task)];
  const reason = task.status.error ?? task.status.message;
  return {
    ...showTask(view, task, standing),
    ServiceID: task.serviceId,
    Story: story.map(({ atMs, words }) => ({
      ...(atMs === undefined ? {} : { At: showTime(atMs) }),
      Words: words,
    })),
    ...(verdict === undefined ? {} : { Waiting: showWaiting(view, { names, reason, verdict }) }),
    Next: showSteps(view, task.serviceId, foresight.steps),
    Outlook: foresight.outlook,
    ...(successor === undefined ? {} : { SuccessorID: successor.id }),
    ...from,
  };
}
