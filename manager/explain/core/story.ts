/** How a task came to be where it is, as far as the store remembers. */
import { nodeAvailability, nodeHostname } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { slotKey, tasksOfSlot } from "../../orchestrator/core/slot.js";
import { howItEnded } from "./reasons.js";

export interface StoryLine {
  /** Wall ms; absent where nobody noted when. */
  readonly atMs?: number;
  readonly words: string;
}

export function storyOf(task: Task, situation: Situation): readonly StoryLine[] {
  const { status, ranAtMs, createdAtMs, nodeId } = task;
  const node = nodeId === undefined ? undefined : situation.view.node(nodeId);
  const name = node === undefined ? (nodeId ?? "") : nodeHostname(node);
  const ended = isTerminal(status.state);
  const ran = ranAtMs !== undefined && (ended || ranAtMs !== status.atMs);
  return [
    {
      atMs: createdAtMs,
      words: `created for revision ${task.revision}: ${whyCreated(task, situation)}`,
    },
    ...(isPlaced(task) ? [{ words: `placed on ${name}: ${whyThere(task, situation)}` }] : []),
    ...(ran ? [{ atMs: ranAtMs, words: "running" }] : []),
    { atMs: status.atMs, words: stateWords(task) },
    ...(ended ? [] : wishOf(task)),
  ];
}

/** Of a task whose service is gone, with all that it was made from. */
export function lastWords(task: Task): readonly StoryLine[] {
  return [
    { atMs: task.createdAtMs, words: `created for revision ${task.revision}` },
    { atMs: task.status.atMs, words: stateWords(task) },
    ...(isTerminal(task.status.state) ? [] : wishOf(task)),
  ];
}

function stateWords({ status }: Task): string {
  const { state, message, error, container } = status;
  const said = error !== undefined && error !== "" ? error : message;
  const exit = isTerminal(state) && container?.exitCode !== undefined;
  const code = exit && !said.includes("exit") ? ` (exit code ${container.exitCode ?? 0})` : "";
  return said === "" || said === state ? `${state}${code}` : `${state}: ${said}${code}`;
}

function wishOf({ desired, updatedAtMs }: Task): StoryLine[] {
  switch (desired) {
    case "shutdown":
      return [{ atMs: updatedAtMs, words: "told to stop" }];
    case "remove":
      return [{ atMs: updatedAtMs, words: "told to stop, and to be forgotten then" }];
    case "ready":
      return [{ words: "not to start yet" }];
    case "running":
    case "complete":
      return [];
  }
}

function whyCreated(task: Task, situation: Situation): string {
  const { view, service } = situation;
  const before = tasksOfSlot(view, service.id, slotKey(task))
    .filter(({ createdAtMs }) => createdAtMs < task.createdAtMs)
    .sort((a, b) => a.createdAtMs - b.createdAtMs)
    .at(-1);
  const restarts = task.restartsAtMs ?? [];
  if (restarts.at(-1) === task.createdAtMs) {
    const how = before === undefined ? "the one before it ended" : howItEnded(before);
    return `restart ${restarts.length}, as ${how.replace(/^it /, "the one before it ")}`;
  }
  if (task.relieves !== undefined) return "moved to where there are fewer tasks of the service";
  if (before === undefined) return "no other is remembered before it in its slot";
  if (before.revision !== task.revision) return updateWords(task, situation);
  return whyMoved(before, situation);
}

function updateWords({ revision: number }: Task, { view, service }: Situation): string {
  const target = view.revision(service.id, number)?.rollbackOf;
  return target === undefined
    ? `update to revision ${number}`
    : `rollback to what revision ${target} was`;
}

/** It replaces one of its own revision that did not end by itself. */
function whyMoved(before: Task, { view }: Situation): string {
  const { nodeId } = before;
  const { state } = before.status;
  if (state === "failed" || state === "rejected") {
    return howItEnded(before).replace(/^it /, "the one before it ");
  }
  if (nodeId === undefined) return "the one before it never had a node";
  const node = view.node(nodeId);
  if (node === undefined) return `it replaces one on ${nodeId}, which left the cluster`;
  const name = nodeHostname(node);
  if (node.status.state === "down" || state === "orphaned")
    return `it replaces one on ${name}, which was lost`;
  if (nodeAvailability(node) === "drain") return `it replaces one on ${name}, which is drained`;
  return `it replaces one on ${name}, which had to let it go`;
}

function whyThere(task: Task, { view, service }: Situation): string {
  if (typeof slotKey(task) === "string") return "the service has a task on each node";
  if (task.relieves !== undefined) return "fewer tasks of the service were there";
  const template = view.revision(service.id, task.revision)?.template;
  const labels = (template?.Placement?.Preferences ?? []).flatMap(
    (preference) => preference.Spread?.SpreadDescriptor ?? [],
  );
  const spread = labels.length === 0 ? "" : `spread over ${labels.join(", ")}, then `;
  const packed = view.cluster()?.spec.Orchestration?.PlacementStrategy === "binpack";
  const rest = packed
    ? "the fullest of those that accepted it"
    : "of those that accepted it the one with fewest tasks of the service, then the least loaded";
  return `${spread}${rest}`;
}
