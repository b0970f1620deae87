/**
 * Where tasks of one revision failed lately. A node on which they fail again and again has something
 * that they do not get along with (a broken disk, a missing device): for a while others are tried
 * first.
 */
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";

/** SwarmKit's numbers: so many failures within such a time. */
const FAILURES_AVOIDED = 5;
const DEFAULT_AVOIDANCE = { Failures: FAILURES_AVOIDED, Within: 5 * 60_000 * 1e6 };
/** As many as any cluster may be set to count. */
export const FAILURES_COUNTED_MAX = 100;
const NS_PER_MS = 1e6;

export interface AvoidanceRules {
  /** 0: no node is avoided. */
  readonly failures: number;
  readonly withinMs: number;
}

export function avoidanceRules(cluster: Cluster | undefined): AvoidanceRules {
  const config = { ...DEFAULT_AVOIDANCE, ...cluster?.spec.Orchestration?.NodeAvoidance };
  return { failures: config.Failures, withinMs: config.Within / NS_PER_MS };
}

export class FailureLog {
  /** Times of the latest failures on each node (wall ms), as many as count. */
  readonly #failures = new Map<NodeId, readonly number[]>();

  /** A task that ended on its node; what was stopped on an order, or done, is no failure. */
  note({ nodeId, status, updatedAtMs }: Task): void {
    if (nodeId === undefined) return;
    if (status.state !== "failed" && status.state !== "rejected") return;
    const earlier = this.#failures.get(nodeId) ?? [];
    const times = [...earlier, updatedAtMs].sort((a, b) => a - b);
    this.#failures.set(nodeId, times.slice(-FAILURES_COUNTED_MAX));
  }

  /** @param wallMs now */
  avoided(
    wallMs: number,
    { failures, withinMs }: AvoidanceRules = avoidanceRules(undefined),
  ): ReadonlySet<NodeId> {
    const avoided = new Set<NodeId>();
    for (const [nodeId, times] of this.#failures) {
      const recent = times.filter((timeMs) => timeMs > wallMs - withinMs);
      if (failures > 0 && recent.length >= failures) avoided.add(nodeId);
    }
    return avoided;
  }
}
