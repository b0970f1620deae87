/** Why the orchestrator decides something: read from the situation in which it does. */
import type { NodeId } from "../../../shared/model/ids.js";
import { type Node, nodeAvailability, nodeHostname } from "../../../shared/model/node.js";
import { isJob } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, type ObservedState } from "../../../shared/model/task-state.js";
import type { Action } from "../../orchestrator/core/action.js";
import { startDelayMs } from "../../orchestrator/core/restart.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import {
  latestTask,
  type SlotKey,
  slotKey,
  slotOf,
  tasksOfSlot,
} from "../../orchestrator/core/slot.js";

export function reasonOf(action: Action, situation: Situation): string {
  const { view } = situation;
  switch (action.kind) {
    case "create-task":
      return whyFill(action.task.slot, situation);
    case "replace-task": {
      const old = view.task(action.taskId);
      if (old === undefined) return "";
      if (action.successor.move !== undefined) return "fewer of its tasks are there";
      return whyReplace(old, action.successor.revision, situation);
    }
    case "start-task": {
      const task = view.task(action.taskId);
      return task === undefined ? "" : whyStart(task, situation);
    }
    case "stop-task":
    case "remove-task": {
      const task = view.task(action.taskId);
      return task === undefined ? "" : whyStop(task, situation);
    }
    case "forget-task":
      return "nothing runs of it any more";
    case "observe-update":
    case "roll-back":
      return action.update.message;
    case "observe-rebalance":
      return action.rebalance.message;
  }
}

function whyFill(key: SlotKey, situation: Situation): string {
  const { view, service } = situation;
  const slot = slotOf(key, tasksOfSlot(view, service.id, key));
  const latest = latestTask(slot);
  if (latest !== undefined && !situation.isCurrent(latest)) return updateTo(service.revision);
  if (typeof key === "string") return `${hostname(view.node(key), key)} has none`;
  if (isJob(service.frame)) return "one more completion is wanted";
  return slot.leaving.length > 0 ? "the one before was removed" : "it is missing";
}

function updateTo(revision: number): string {
  return `update to revision ${revision}`;
}

function whyReplace(old: Task, revision: number, situation: Situation): string {
  if (old.revision !== revision) return updateTo(revision);
  if (isTerminal(old.status.state)) return howItEnded(old);
  return whyItMustGo(old, situation) ?? "it no longer fits on its node";
}

const ENDINGS: Readonly<Partial<Record<ObservedState, string>>> = {
  complete: "it ended",
  shutdown: "it stopped",
  rejected: "it was rejected",
  orphaned: "it was given up",
};

export function howItEnded({ status }: Task): string {
  const { state, error } = status;
  const words = ENDINGS[state] ?? `it ${state}`;
  return error === undefined || error === "" ? words : `${words}: ${error}`;
}

/** Undefined where its node has nothing against it. */
function whyItMustGo(task: Task, situation: Situation): string | undefined {
  if (task.nodeId === undefined) return undefined;
  const node = situation.view.node(task.nodeId);
  const name = hostname(node, task.nodeId);
  switch (situation.footingOf(task)) {
    case "firm":
      return undefined;
    case "lost":
      return node === undefined ? `node ${name} was removed` : `${name} is down`;
    case "leaving":
      return node !== undefined && nodeAvailability(node) === "drain"
        ? `${name} is drained`
        : `${name} does not satisfy its constraints any more`;
  }
}

function whyStart(task: Task, situation: Situation): string {
  const delayMs = startDelayMs(task, situation.policyOf(task), situation.backOff);
  return delayMs > 0 ? "its restart delay is over" : "the one before has stopped";
}

function whyStop(task: Task, situation: Situation): string {
  const { view, service } = situation;
  const key = slotKey(task);
  const { wanted } = slotOf(key, tasksOfSlot(view, service.id, key));
  const newest = wanted.at(-1);
  if (wanted.length > 1 && newest !== undefined) return whyOneOfTwo(task, newest, situation);
  if (isJob(service.frame) && !situation.isCurrent(task)) return "the job runs anew";
  if (isTerminal(task.status.state))
    return `${howItEnded(task)}; its restart policy wants no other`;
  return whyItMustGo(task, situation) ?? whyNotThere(task, situation) ?? "fewer are wanted";
}

/** One of them takes over from the other. */
function whyOneOfTwo(task: Task, newest: Task, situation: Situation): string {
  if (newest.id === task.id) return "the service changed again before it ran";
  if (newest.status.state === "running" || newest.status.state === "complete") {
    return "its replacement runs";
  }
  const due = situation.leaveInMs(task);
  const reason = whyItMustGo(task, situation) ?? "another takes its place";
  return due !== undefined && due <= 0 ? `${reason}, and its time is up` : reason;
}

/** In a global service the service's own constraints say where it runs. */
function whyNotThere(task: Task, situation: Situation): string | undefined {
  const node = task.nodeId === undefined ? undefined : situation.view.node(task.nodeId);
  if (typeof slotKey(task) === "number" || node === undefined) return undefined;
  return `${nodeHostname(node)} is none of its nodes`;
}

function hostname(node: Node | undefined, id: NodeId): string {
  return node === undefined ? id : nodeHostname(node);
}
