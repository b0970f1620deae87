/**
 * Since when nodes are there for new tasks, as this leader has seen it: a node that comes and goes
 * begins afresh each time, and so does every node under a new leader.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { type Node, nodeAvailability } from "../../../shared/model/node.js";

export interface ReadyTimes {
  /** 0 where it is not, or has just come. */
  readonly readyForMs: (nodeId: NodeId) => number;
}

/** Nothing is known of before. */
export const JUST_READY: ReadyTimes = { readyForMs: () => 0 };

export class ReadySince {
  readonly #sinceMs = new Map<NodeId, number>();

  observe(node: Node, nowMs: number): void {
    const isReady = node.status.state === "ready" && nodeAvailability(node) === "active";
    if (!isReady) this.forget(node.id);
    else if (!this.#sinceMs.has(node.id)) this.#sinceMs.set(node.id, nowMs);
  }

  forget(nodeId: NodeId): void {
    this.#sinceMs.delete(nodeId);
  }

  at(nowMs: number): ReadyTimes {
    return { readyForMs: (nodeId) => nowMs - (this.#sinceMs.get(nodeId) ?? nowMs) };
  }
}
