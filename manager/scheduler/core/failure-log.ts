/**
 * Where tasks of one revision failed lately. A node on which they fail again and again has something
 * that they do not get along with (a broken disk, a missing device): for a while others are tried
 * first.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";

/** SwarmKit's numbers: so many failures within such a time. */
export const FAILURES_AVOIDED = 5;
const REMEMBERED_MS = 5 * 60_000;

export class FailureLog {
  /** Times of the latest failures on each node (wall ms), as many as count. */
  readonly #failures = new Map<NodeId, readonly number[]>();

  /** A task that ended on its node; what was stopped on an order, or done, is no failure. */
  note({ nodeId, status, updatedAtMs }: Task): void {
    if (nodeId === undefined) return;
    if (status.state !== "failed" && status.state !== "rejected") return;
    const earlier = this.#failures.get(nodeId) ?? [];
    const times = [...earlier, updatedAtMs].sort((a, b) => a - b);
    this.#failures.set(nodeId, times.slice(-FAILURES_AVOIDED));
  }

  /** @param wallMs now */
  avoided(wallMs: number): ReadonlySet<NodeId> {
    const avoided = new Set<NodeId>();
    for (const [nodeId, times] of this.#failures) {
      const recent = times.filter((timeMs) => timeMs > wallMs - REMEMBERED_MS);
      if (recent.length >= FAILURES_AVOIDED) avoided.add(nodeId);
    }
    return avoided;
  }
}
