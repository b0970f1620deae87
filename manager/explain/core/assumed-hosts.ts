/**
 * What is assumed of hosts in a world that is only imagined: those that are there do what they are
 * told, and well. A task that is to run runs, one that is to stop stops, a job's ends well. Of those
 * that are away nothing is heard.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import {
  isTerminal,
  isWanted,
  mayFollow,
  type ObservedState,
} from "../../../shared/model/task-state.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";

export function reportsOf(view: StoreView, serviceId: ServiceId, atMs: number): Change[] {
  return view.tasksOfService(serviceId).flatMap((task) => reportOf(view, task, atMs));
}

/** Tasks of others give back what they hold, once they are told to. */
export function endingsOf(view: StoreView, but: ServiceId, atMs: number): Change[] {
  return view
    .tasks()
    .filter(({ desired, serviceId }) => !isWanted(desired) && serviceId !== but)
    .flatMap((task) => reportOf(view, task, atMs));
}

function reportOf(view: StoreView, task: Task, atMs: number): Change[] {
  const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
  if (node?.status.state !== "ready" || !isPlaced(task)) return [];
  const state = nextState(task);
  if (state === undefined || !mayFollow(state, task.status.state)) return [];
  const { error: _, ...status } = task.status;
  return [
    { kind: "observe-task", taskId: task.id, status: { ...status, state, atMs, message: state } },
  ];
}

function nextState({ desired, status }: Task): ObservedState | undefined {
  if (isTerminal(status.state)) return undefined;
  switch (desired) {
    case "ready":
      return "ready";
    case "running":
      return "running";
    case "complete":
      return status.state === "running" ? "complete" : "running";
    case "shutdown":
    case "remove":
      return "shutdown";
  }
}
