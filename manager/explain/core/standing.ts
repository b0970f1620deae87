/** How one task stands, and what it waits for: in words that follow its name. */
import { type Node, nodeHostname } from "../../../shared/model/node.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { orphanedAfterMs } from "../../orchestrator/core/cluster-rules.js";
import { isOccupied } from "../../orchestrator/core/repair-slot.js";
import { backOffWords, startDelayMs } from "../../orchestrator/core/restart.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { slotKey, slotOf, tasksOfSlot } from "../../orchestrator/core/slot.js";
import { durationWords } from "./duration-words.js";
import type { LeaderKnowledge } from "./knowledge.js";

export function standingOf(task: Task, situation: Situation, known: LeaderKnowledge): string {
  const { state } = task.status;
  if (isTerminal(state)) return afterEnd(task, situation);
  const node = task.nodeId === undefined ? undefined : situation.view.node(task.nodeId);
  if (!isPlaced(task)) return withoutNode(task);
  if (node === undefined) return "its node was removed from the cluster";
  if (!isWanted(task.desired)) return leaving(task, node, situation, known);
  if (node.status.state === "disconnected") {
    return `${state}; ${nodeHostname(node)} is disconnected${because(node)}: nothing new starts there`;
  }
  const move = moveWords(task, situation);
  if (move !== undefined && node.status.state === "ready") return `${state}; ${move}`;
  if (node.status.state !== "ready")
    return `${state}; ${nodeHostname(node)} is ${node.status.state}${because(node)}`;
  if (task.desired === "ready") return `${state}; ${whatItWaitsFor(task, situation)}`;
  const due = situation.leaveInMs(task);
  const until = due === undefined ? "" : `, for ${durationWords(Math.max(0, due))} more at most`;
  const footing =
    situation.footingOf(task) === "leaving" ? `; it is to leave ${nodeHostname(node)}${until}` : "";
  return `${state}${footing}`;
}

/** For an even spread one of the slot's tasks takes over from the other, on another node. */
function moveWords(task: Task, { view, service }: Situation): string | undefined {
  const { wanted } = slotOf(slotKey(task), tasksOfSlot(view, service.id, slotKey(task)));
  const newest = wanted.at(-1);
  if (newest?.relieves === undefined || wanted.length < 2) return undefined;
  const nameOf = (id: Task["nodeId"]): string => {
    const node = id === undefined ? undefined : view.node(id);
    return node === undefined ? (id ?? "") : nodeHostname(node);
  };
  return task.id === newest.id
    ? `it takes over from ${nameOf(newest.relieves)}, for an even spread`
    : `it moves to ${nameOf(newest.nodeId)}, for an even spread`;
}

function because({ status: { message } }: Node): string {
  return message === "" ? "" : ` (${message})`;
}

function withoutNode({ status: { state, error } }: Task): string {
  // Which filters refuse it is told apart, node by node.
  if (error !== undefined && error !== "") return `${state}; ${error.replace(/ \(.*\)$/, "")}`;
  return state === "new" ? "new; its addresses are being found" : "pending; a node is being found";
}

function afterEnd(task: Task, situation: Situation): string {
  const { state, error } = task.status;
  const words = error === undefined || error === "" ? state : `${state}; ${error}`;
  if (task.desired !== "ready" || situation.isDone(task)) return words;
  const restMs =
    startDelayMs(task, situation.policyOf(task), situation.backOff) - situation.ageMs(task);
  return restMs > 0 ? `${words}; the next try waits ${durationWords(restMs)} more` : words;
}

/** A task that is prepared, and not to be started yet. */
function whatItWaitsFor(task: Task, situation: Situation): string {
  const policy = situation.policyOf(task);
  const restMs = startDelayMs(task, policy, situation.backOff) - situation.ageMs(task);
  if (restMs > 0) {
    const why = backOffWords(task, policy, situation.backOff) ?? "restart delay";
    return `it starts in ${durationWords(restMs)} (${why})`;
  }
  const { view, service } = situation;
  const slot = slotOf(slotKey(task), tasksOfSlot(view, service.id, slotKey(task)));
  return isOccupied(slot, situation)
    ? "it starts when the one before has stopped"
    : "about to start";
}

function leaving(task: Task, node: Node, situation: Situation, known: LeaderKnowledge): string {
  const name = nodeHostname(node);
  if (node.status.state === "ready") return `${task.status.state}; it is being stopped`;
  const goneMs = node.status.state === "down" ? known.downForMs(node.id) : undefined;
  const givenUp =
    goneMs === undefined
      ? `${durationWords(orphanedAfterMs(situation.view))} after that it is given up`
      : `it is given up in ${durationWords(Math.max(0, orphanedAfterMs(situation.view) - goneMs))}`;
  const state = `${name} is ${node.status.state}${because(node)}`;
  const stopped = `${task.status.state} when last heard of; ${state}, and may run it still`;
  return situation.footingOf(task) === "lost"
    ? `${stopped}: it is stopped when the node is back, and ${givenUp}`
    : `${stopped}: it is stopped when the node is back`;
}
