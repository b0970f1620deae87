/**
 * DESIGN 5, points 7 and 8: a task goes only to a node that may run it and has room for it; what a
 * node promised, it still has; no port of a host is given twice. Counted anew from the store each
 * time, with the tasks that an unreachable host may still run.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { NodeId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import { type Check, type Ground, placeOf } from "./ground.js";
import {
  type Amounts,
  amountsText,
  capacityOf,
  fitsInto,
  holdersOn,
  reservedBy,
} from "./holdings.js";

/** From the scheduler's decision until it is committed. */
const DECIDED_MS = 60;
/** From the shrinking of a node, or the last other change of it, until what it holds fits again. */
const FITS_AGAIN_MS = 25_000;
/** From a change of a node's labels until what does not fit there is told to go. */
const LEAVES_WITHIN_MS = 5_000;

export class PlacementCheck implements Check {
  readonly points = "7, 8";
  readonly #ground: Ground;
  readonly #overfullSinceMs = new Map<NodeId, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    const placed = events.flatMap((event) => {
      if (event.type !== "task" || event.after?.status.state !== "assigned") return [];
      const isNew = event.before === undefined || event.before.status.state === "pending";
      return isNew ? [event.after] : [];
    });
    for (const task of placed) this.#placed(task, placed);
  }

  #placed(task: Task, together: readonly Task[]): void {
    const { view } = this.#ground;
    const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
    const revision = view.revision(task.serviceId, task.revision);
    if (node === undefined || revision === undefined) return;
    const slackMs = DECIDED_MS + this.#ground.cluster.commitMs;
    if (this.#ground.nodeUnchangedForMs(node.id) > slackMs) this.#fitsNode(task, node, revision);
    const others = holdersOn(view, node.id).filter(({ id }) => id !== task.id);
    for (const port of portsOf(revision)) {
      const rival = others.find((other) => portsOf(this.#revisionOf(other)).includes(port));
      if (rival === undefined) continue;
      const detail = `${port} of ${node.id} is given to ${task.id}, and ${rival.id} has it`;
      this.#ground.violated("no port of a host has two owners", detail);
    }
    this.#crowds(task, revision, together);
  }

  #fitsNode(task: Task, node: Node, { template }: Revision): void {
    const { Availability: availability } = node.spec;
    if (node.status.state !== "ready" || availability !== "active") {
      const detail = `${task.id} goes to ${node.id}: ${node.status.state}, ${availability ?? ""}`;
      this.#ground.violated("tasks go only to nodes that take part", detail);
    }
    const constraints = template.Placement?.Constraints ?? [];
    if (!matchesNode(parseConstraints(constraints), node)) {
      const detail = `${task.id} goes to ${node.id}, against ${constraints.join()}`;
      this.#ground.violated("constraints hold", detail);
    }
    const [have, held] = [capacityOf(node), this.#heldOn(node.id)];
    if (!fitsInto(have, held)) {
      const detail = `with ${task.id}, ${node.id} has promised ${amountsText(held)} of ${amountsText(have)}`;
      this.#ground.violated("no placement exceeds a node's capacity", detail);
    }
  }

  /** @param together what the same command placed: tasks of other revisions may have come after */
  #crowds(task: Task, { template }: Revision, together: readonly Task[]): void {
    const most = template.Placement?.MaxReplicas ?? 0;
    const { view } = this.#ground;
    const { nodeId, serviceId, revision } = task;
    if (most === 0 || nodeId === undefined) return;
    const later = new Set(together.filter((other) => other.revision !== revision));
    const there = holdersOn(view, nodeId).filter(
      (other) => other.serviceId === serviceId && isWanted(other.desired) && !later.has(other),
    );
    if (there.length <= most) return;
    const detail = `with ${task.id}, ${nodeId} has ${there.length} of ${serviceId}`;
    this.#ground.violated("max replicas per node hold", detail);
  }

  tick(): void {
    for (const node of this.#ground.view.nodes()) {
      this.#misfitsLeave(node);
      const [have, held] = [capacityOf(node), this.#heldOn(node.id)];
      // A paused node keeps what it has, and a drained one is emptied anyway.
      if (fitsInto(have, held) || !this.#ground.isOpen(node.id)) {
        this.#overfullSinceMs.delete(node.id);
        continue;
      }
      const sinceMs = this.#overfullSinceMs.get(node.id) ?? this.#ground.nowMs;
      this.#overfullSinceMs.set(node.id, sinceMs);
      const forMs = Math.min(
        this.#ground.nowMs - sinceMs,
        this.#ground.soundForMs(node.id),
        this.#ground.nodeUnchangedForMs(node.id),
      );
      if (forMs < FITS_AGAIN_MS) continue;
      const detail = `${node.id} has promised ${amountsText(held)} of ${amountsText(have)} for ${forMs} ms`;
      this.#ground.violated("what a node promised fits again in time", detail);
    }
  }

  /** A label changed: what does not fit there any more goes, start-first once its successor runs. */
  #misfitsLeave(node: Node): void {
    if (!this.#ground.isOpen(node.id)) return;
    const { nowMs, leaderSoundForMs, tasks } = this.#ground;
    const unchangedMs = Math.min(leaderSoundForMs, this.#ground.nodeUnchangedForMs(node.id));
    for (const task of unchangedMs < LEAVES_WITHIN_MS ? [] : this.#wantedOn(node.id)) {
      const forMs = Math.min(unchangedMs, nowMs - (tasks.get(task.id)?.createdMs ?? nowMs));
      const constraints = this.#revisionOf(task)?.template.Placement?.Constraints ?? [];
      if (forMs < LEAVES_WITHIN_MS || matchesNode(parseConstraints(constraints), node)) continue;
      if (this.#isAwaited(task)) continue;
      const detail = `${task.id} is on ${node.id} for ${forMs} ms, against ${constraints.join()}`;
      this.#ground.violated("constraints hold", detail);
    }
  }

  #wantedOn(nodeId: NodeId): readonly Task[] {
    return holdersOn(this.#ground.view, nodeId).filter(({ desired }) => isWanted(desired));
  }

  /** What replaces it start-first does not run yet. */
  #isAwaited(task: Task): boolean {
    return this.#ground.view
      .tasksOfService(task.serviceId)
      .filter(({ id, desired }) => id !== task.id && isWanted(desired))
      .some((other) => placeOf(other) === placeOf(task) && other.status.state !== "running");
  }

  #revisionOf({ serviceId, revision }: Task): Revision | undefined {
    return this.#ground.view.revision(serviceId, revision);
  }

  #heldOn(nodeId: NodeId): Amounts {
    const { view } = this.#ground;
    return reservedBy(view, holdersOn(view, nodeId));
  }
}

function portsOf(revision: Revision | undefined): readonly string[] {
  const ports = revision?.hostPorts ?? [];
  return ports
    .filter(({ PublishedPort: port = 0 }) => port !== 0)
    .map(({ Protocol: protocol = "tcp", PublishedPort: port = 0 }) => `${protocol}/${port}`);
}
