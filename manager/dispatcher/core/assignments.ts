/**
 * What a node must know: the tasks that were assigned to it, until they are removed from the store.
 * Ended ones too, or the agent would forget them and throw away the containers that their history
 * and logs are read from. Of other nodes' tasks it hears nothing.
 */
import type { TaskTemplate } from "../../../shared/model/assignment.js";
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import { serviceName } from "../../../shared/model/service.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import type { Task } from "../../../shared/model/task.js";
import { observedRank } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";

/** An orphaned task was given up: what may be left of it on its node has to go. */
export function belongsTo(task: Task, nodeId: NodeId): boolean {
  const { state } = task.status;
  return (
    task.nodeId === nodeId &&
    observedRank(state) >= observedRank("assigned") &&
    state !== "orphaned"
  );
}

export function assignedTasks(view: StoreView, nodeId: NodeId): readonly Task[] {
  return view.tasksOfNode(nodeId).filter((task) => belongsTo(task, nodeId));
}

/**
 * The node that has to hear of this event, if any. A status changes nothing for an agent, which
 * mostly reported it itself: only tasks that come, go or are wanted otherwise.
 */
export function concernedNode(event: StoreEvent): { nodeId: NodeId; taskId: TaskId } | undefined {
  if (event.type !== "task") return undefined;
  const { before, after } = event;
  // A task never moves: either side names its node.
  const task = after ?? before;
  const nodeId = task?.nodeId;
  if (task === undefined || nodeId === undefined) return undefined;
  const was = before !== undefined && belongsTo(before, nodeId);
  const is = after !== undefined && belongsTo(after, nodeId);
  if (!was && !is) return undefined;
  if (was && is && before.desired === after.desired) return undefined;
  return { nodeId, taskId: task.id };
}

/** The templates that a session has carried, by service and revision. */
export class CarriedTemplates {
  readonly #labels = new Map<string, string>();

  /**
   * Those that `tasks` need and the session has not carried yet, or not with the
   * service's present labels.
   */
  missing(view: StoreView, tasks: readonly Task[]): TaskTemplate[] {
    const templates: TaskTemplate[] = [];
    for (const task of tasks) {
      const template = templateOf(view, task);
      // The store keeps revisions as long as there are tasks of them.
      if (template === undefined) continue;
      const key = `${template.serviceId}/${template.revision}`;
      const labels = canonicalText(template.serviceLabels);
      if (this.#labels.get(key) === labels) continue;
      this.#labels.set(key, labels);
      templates.push(template);
    }
    return templates;
  }

  forget(): void {
    this.#labels.clear();
  }
}

function templateOf(view: StoreView, task: Task): TaskTemplate | undefined {
  const { serviceId, revision: number } = task;
  const revision = view.revision(serviceId, number);
  if (revision === undefined) return undefined;
  // The tasks of a removed service are only to be stopped.
  const frame = view.service(serviceId)?.frame;
  return {
    serviceId,
    revision: number,
    serviceName: frame === undefined ? serviceId : serviceName(frame),
    serviceLabels: frame?.Labels ?? {},
    template: revision.template,
    ...(revision.hostPorts && { hostPorts: revision.hostPorts }),
  };
}
