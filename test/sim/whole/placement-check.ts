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
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { Check, Ground } from "./ground.js";

/** From the scheduler's decision until it is committed. */
const DECIDED_MS = 60;
/** From the shrinking of a node, or the last other change of it, until what it holds fits again. */
const FITS_AGAIN_MS = 25_000;

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
    const others = this.#holders(node.id).filter(({ id }) => id !== task.id);
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
    if (held.nanoCpus > have.nanoCpus || held.memoryBytes > have.memoryBytes) {
      const detail = `with ${task.id}, ${node.id} has promised ${text(held)} of ${text(have)}`;
      this.#ground.violated("no placement exceeds a node's capacity", detail);
    }
  }

  /** @param together what the same command placed: tasks of other revisions may have come after */
  #crowds(task: Task, { template }: Revision, together: readonly Task[]): void {
    const most = template.Placement?.MaxReplicas ?? 0;
    const { nodeId, serviceId, revision } = task;
    if (most === 0 || nodeId === undefined) return;
    const later = new Set(together.filter((other) => other.revision !== revision));
    const there = this.#holders(nodeId).filter(
      (other) => other.serviceId === serviceId && isWanted(other.desired) && !later.has(other),
    );
    if (there.length <= most) return;
    const detail = `with ${task.id}, ${nodeId} has ${there.length} of ${serviceId}`;
    this.#ground.violated("max replicas per node hold", detail);
  }

  tick(): void {
    for (const node of this.#ground.view.nodes()) {
      const [have, held] = [capacityOf(node), this.#heldOn(node.id)];
      const fits = held.nanoCpus <= have.nanoCpus && held.memoryBytes <= have.memoryBytes;
      // A paused node keeps what it has, and a drained one is emptied anyway.
      if (fits || !this.#ground.isOpen(node.id)) {
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
      const detail = `${node.id} has promised ${text(held)} of ${text(have)} for ${forMs} ms`;
      this.#ground.violated("what a node promised fits again in time", detail);
    }
  }

  #revisionOf({ serviceId, revision }: Task): Revision | undefined {
    return this.#ground.view.revision(serviceId, revision);
  }

  /** From the placement until somebody has seen the end. */
  #holders(nodeId: NodeId): readonly Task[] {
    return this.#ground.view
      .tasksOfNode(nodeId)
      .filter(({ status: { state } }) => !isTerminal(state) && state !== "new")
      .filter(({ status: { state } }) => state !== "pending");
  }

  #heldOn(nodeId: NodeId): Amounts {
    let [nanoCpus, memoryBytes] = [0, 0];
    for (const task of this.#holders(nodeId)) {
      const reserved = this.#revisionOf(task)?.template.Resources?.Reservations;
      nanoCpus += reserved?.NanoCPUs ?? 0;
      memoryBytes += reserved?.MemoryBytes ?? 0;
    }
    return { nanoCpus, memoryBytes };
  }
}

interface Amounts {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
}

function capacityOf({ description }: Node): Amounts {
  const { NanoCPUs: nanoCpus = 0, MemoryBytes: memoryBytes = 0 } = description?.Resources ?? {};
  return { nanoCpus, memoryBytes };
}

function portsOf(revision: Revision | undefined): readonly string[] {
  const ports = revision?.hostPorts ?? [];
  return ports
    .filter(({ PublishedPort: port = 0 }) => port !== 0)
    .map(({ Protocol: protocol = "tcp", PublishedPort: port = 0 }) => `${protocol}/${port}`);
}

function text({ nanoCpus, memoryBytes }: Amounts): string {
  return `${nanoCpus / 1e9} CPU, ${memoryBytes / 2 ** 20} MiB`;
}
