/**
 * What holds for a service as a whole and is not to be seen in any one of its tasks: how its update
 * stands, and which nodes are not as they should be.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import {
  drainDeadlineMs,
  type Node,
  nodeAvailability,
  nodeHostname,
} from "../../../shared/model/node.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type LivenessLimits, livenessLimits } from "../../dispatcher/core/liveness-limits.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { avoidanceRules } from "../../scheduler/core/failure-log.js";
import { isPaused, isRollback, isUnderWay } from "../../updater/core/update-rules.js";
import { durationWords } from "./duration-words.js";
import type { ImaginedWorld } from "./imagined-world.js";

export function circumstances(world: ImaginedWorld, situation: Situation): readonly string[] {
  return [
    ...updateWords(situation),
    ...rebalanceWords(situation),
    ...nodeWords(situation),
    ...avoidedWords(world, situation),
  ];
}

function updateWords(situation: Situation): string[] {
  const { update, id } = situation.service;
  if (update === undefined) return [];
  const tasks = situation.view.tasksOfService(id).filter(({ desired }) => isWanted(desired));
  const current = tasks.filter((task) => situation.isCurrent(task)).length;
  const state = `${current} of ${tasks.length} tasks have revision ${situation.service.revision}`;
  if (isPaused(update)) {
    return [`${update.message}: ${state}; it waits for \`service update\` or \`service rollback\``];
  }
  return isUnderWay(update) ? [`${isRollback(update) ? "rollback" : "update"}: ${state}`] : [];
}

function rebalanceWords({ service: { rebalance } }: Situation): string[] {
  return rebalance?.state === "rebalancing" ? [`rebalance: ${rebalance.message}`] : [];
}

/** Of the nodes that have tasks of the service. */
function nodeWords(situation: Situation): string[] {
  const { view, service, time } = situation;
  const ids = new Set<NodeId>();
  for (const { nodeId, status } of view.tasksOfService(service.id)) {
    if (nodeId !== undefined && !isTerminal(status.state)) ids.add(nodeId);
  }
  return [...ids].flatMap((id) => {
    const node = view.node(id);
    return node === undefined
      ? []
      : standingWords(node, time.atMs, livenessLimits(view.cluster()?.spec.Dispatcher));
  });
}

function standingWords(node: Node, atMs: number, { closedMs }: LivenessLimits): string[] {
  const name = nodeHostname(node);
  const { state, message } = node.status;
  const why = message === "" ? "" : `: ${message}`;
  if (state === "disconnected") {
    const limit = durationWords(closedMs);
    return [
      `${name} is disconnected${why}; if it stays away it is down after ${limit} at the latest`,
    ];
  }
  if (state !== "ready") return [`${name} is ${state}${why}`];
  switch (nodeAvailability(node)) {
    case "active":
      return [];
    case "pause":
      return [`${name} is paused: it keeps what it has and gets nothing new`];
    case "drain": {
      const deadlineMs = drainDeadlineMs(node);
      if (deadlineMs === undefined) return [`${name} is drained`];
      const leftMs = deadlineMs - atMs;
      const left = leftMs > 0 ? `in ${durationWords(leftMs)}` : "by now";
      return [`${name} is drained, and to be empty ${left}`];
    }
  }
}

function hasFailed({ status: { state } }: Task): boolean {
  return state === "failed" || state === "rejected";
}

function avoidedWords(world: ImaginedWorld, { view, service }: Situation): string[] {
  const { failures, withinMs } = avoidanceRules(view.cluster());
  if (view.tasksOfService(service.id).filter(hasFailed).length < failures) return [];
  const facts = world.placementFacts(service.id, service.revision);
  return [...(facts?.avoided ?? [])].map((id) => {
    const node = view.node(id);
    const name = node === undefined ? id : nodeHostname(node);
    const times = failures === 1 ? "1 task" : `${failures} tasks`;
    return `${name} is tried last: ${times} failed there within ${durationWords(withinMs)}`;
  });
}
