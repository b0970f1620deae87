/**
 * What only the leader knows, for it is in no store: since when it has seen what. Who asks another
 * manager gets by without: clocks then begin now, as they would under a new leader.
 */
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { NO_MEMORY, type ServiceMemory } from "../../orchestrator/core/plan-service.js";
import { JUST_READY, type ReadyTimes } from "../../rebalancer/core/ready-times.js";

export interface LeaderKnowledge {
  readonly memoryOf: (serviceId: ServiceId) => ServiceMemory;
  /** @param nowMs monotonic, on the clock of the asker: it may lie ahead. */
  readonly readyTimesAt: (nowMs: number) => ReadyTimes;
  /** How long the node has been known to be down; undefined: that is not known here. */
  readonly downForMs: (nodeId: NodeId) => number | undefined;
}

export const NO_KNOWLEDGE: LeaderKnowledge = {
  memoryOf: () => NO_MEMORY,
  readyTimesAt: () => JUST_READY,
  downForMs: () => undefined,
};
