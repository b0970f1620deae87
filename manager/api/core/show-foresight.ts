/** What is foreseen for a service, as the API shows it. */
import type {
  ForeseenAct as ShownAct,
  ForeseenStep as ShownStep,
  WaitingTasks as ShownWaiting,
} from "../../../shared/docker-api/foresight.js";
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { nodeHostname } from "../../../shared/model/node.js";
import type { ForeseenAct, ForeseenStep } from "../../explain/core/foreseen.js";
import { nameOfSlot } from "../../explain/core/place-name.js";
import type { NodeRefusal } from "../../explain/core/placement.js";
import type { WaitingTasks } from "../../explain/core/waiting.js";
import type { StoreView } from "../../store/core/view.js";

const NS_PER_MS = 1e6;
/** Nodes that are told of one by one: the nearest misses. */
const NEAREST_SHOWN = 5;

export function showSteps(
  view: StoreView,
  serviceId: ServiceId,
  steps: readonly ForeseenStep[],
): ShownStep[] {
  return steps.map(({ afterMs, awaits, acts }) => ({
    After: Math.round(afterMs * NS_PER_MS),
    AwaitsHosts: awaits === "hosts",
    Acts: acts.map((act) => showAct(view, serviceId, act)),
  }));
}

function showAct(view: StoreView, serviceId: ServiceId, act: ForeseenAct): ShownAct {
  const { kind, slot, taskId, order, fromNodeId, toNodeId, revision, why } = act;
  return {
    Do: kind,
    ...(slot === undefined ? {} : { Name: nameOfSlot(view, serviceId, slot) }),
    ...(taskId === undefined ? {} : { TaskID: taskId }),
    ...(order === undefined ? {} : { Order: order }),
    ...(fromNodeId === undefined
      ? {}
      : { FromNodeID: fromNodeId, From: hostname(view, fromNodeId) }),
    ...(toNodeId === undefined ? {} : { ToNodeID: toNodeId, To: hostname(view, toNodeId) }),
    ...(revision === undefined ? {} : { Revision: revision }),
    Why: why,
  };
}

export function showWaiting(view: StoreView, waiting: WaitingTasks): ShownWaiting {
  const { names, reason, verdict } = waiting;
  if (verdict === undefined) return { Names: [...names], Reason: reason };
  return {
    Names: [...names],
    Reason: reason,
    Filters: verdict.counts.map(({ filter, nodes }) => ({ Filter: filter, Nodes: nodes })),
    Nearest: verdict.refused.slice(0, NEAREST_SHOWN).map((one) => showRefusal(view, one)),
    Others: Math.max(0, verdict.refused.length - NEAREST_SHOWN),
  };
}

function showRefusal(
  view: StoreView,
  { nodeId, filters, words }: NodeRefusal,
): NonNullable<ShownWaiting["Nearest"]>[number] {
  return { NodeID: nodeId, Node: hostname(view, nodeId), Filters: [...filters], Words: words };
}

function hostname(view: StoreView, nodeId: NodeId): string {
  const node = view.node(nodeId);
  return node === undefined ? nodeId : nodeHostname(node);
}
