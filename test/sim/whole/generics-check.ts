/**
 * DESIGN 5, point 8, for what hosts have by name or number: nothing is given to two tasks, and no
 * task gets what its node does not have; where a node loses some of it, who had that goes in time.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import { genericDemand } from "../../../shared/model/generic-resources.js";
import type { NodeId } from "../../../shared/model/ids.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { genericsOn, missingGenerics } from "./generic-holdings.js";
import type { Check, Ground } from "./ground.js";
import { holdersOn } from "./holdings.js";

/** From the scheduler's decision until it is committed. */
const DECIDED_MS = 60;
/** As for CPUs and memory. */
const FITS_AGAIN_MS = 25_000;

export class GenericsCheck implements Check {
  readonly points = "8";
  readonly #ground: Ground;
  readonly #missingSinceMs = new Map<NodeId, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.type !== "task" || event.after === undefined) continue;
      const wasPlaced = event.before !== undefined && isPlaced(event.before);
      if (!wasPlaced && isPlaced(event.after)) this.#placed(event.after);
    }
  }

  #placed(task: Task): void {
    const { view, cluster } = this.#ground;
    const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
    const template = view.revision(task.serviceId, task.revision)?.template;
    if (node === undefined || template === undefined) return;
    this.#isAsAsked(task, genericDemand(template));
    this.#isAlone(task, node.id);
    if (this.#ground.nodeUnchangedForMs(node.id) <= DECIDED_MS + cluster.commitMs) return;
    const missing = missingGenerics(view, node);
    if (missing.length === 0) return;
    const detail = `with ${task.id}, ${node.id} has promised ${missing.join()}`;
    this.#ground.violated("no placement exceeds what a node has of a kind", detail);
  }

  #isAsAsked({ id, generics = [] }: Task, demands: ReturnType<typeof genericDemand>): void {
    const right = demands.every(({ kind, count }) => {
      const share = generics.find((each) => each.kind === kind);
      return share?.count === count && (share.names?.length ?? count) === count;
    });
    if (right && demands.length === generics.length) return;
    const detail = `${id} asks for ${JSON.stringify(demands)} and gets ${JSON.stringify(generics)}`;
    this.#ground.violated("a task gets the things that it asks for", detail);
  }

  #isAlone(task: Task, nodeId: NodeId): void {
    const { view } = this.#ground;
    for (const { kind, names = [] } of task.generics ?? []) {
      for (const other of holdersOn(view, nodeId)) {
        if (other.id === task.id) continue;
        const theirs = other.generics?.find((share) => share.kind === kind)?.names ?? [];
        const shared = names.find((name) => theirs.includes(name));
        if (shared === undefined) continue;
        const detail = `${kind} ${shared} of ${nodeId} is given to ${task.id}, and ${other.id} has it`;
        this.#ground.violated("a thing of a host has one owner", detail);
      }
      const given = genericsOn(view, nodeId, kind).flatMap((share) => share.names ?? []);
      if (new Set(given).size === given.length) continue;
      this.#ground.violated("a thing of a host has one owner", `${nodeId}: ${given.join()}`);
    }
  }

  tick(): void {
    for (const node of this.#ground.view.nodes()) {
      const missing = missingGenerics(this.#ground.view, node);
      if (missing.length === 0 || !this.#ground.isOpen(node.id)) {
        this.#missingSinceMs.delete(node.id);
        continue;
      }
      const sinceMs = this.#missingSinceMs.get(node.id) ?? this.#ground.nowMs;
      this.#missingSinceMs.set(node.id, sinceMs);
      const forMs = Math.min(
        this.#ground.nowMs - sinceMs,
        this.#ground.soundForMs(node.id),
        this.#ground.nodeUnchangedForMs(node.id),
      );
      if (forMs < FITS_AGAIN_MS) continue;
      const detail = `${node.id} has promised ${missing.join()} for ${forMs} ms`;
      this.#ground.violated("what a node lost of a kind is nobody's in time", detail);
    }
  }
}
