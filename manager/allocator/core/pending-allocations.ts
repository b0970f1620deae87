/**
 * What the allocator has to look at, and what it knows of who holds what: both followed from the
 * store's events. What could not be given waits apart, and is tried again now and then.
 */
import { type Attachment, isAllocated } from "../../../shared/model/attachment.js";
import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import { isIngress } from "../../../shared/model/network.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { Holdings } from "./holdings.js";
import type { LatelyFreed } from "./lately-freed.js";

/** Services before tasks, which wait for them; nodes before tasks, or tasks would take their room. */
export type AllocationKey =
  | { readonly kind: "service"; readonly id: ServiceId }
  | { readonly kind: "node"; readonly id: NodeId }
  | { readonly kind: "task"; readonly id: TaskId }
  | { readonly kind: "attachment"; readonly id: TaskId };

interface Known {
  /** Of before a decision that came to nothing. */
  readonly former?: PendingAllocations;
  /** By the manager that leads now, whoever led then. */
  readonly freed?: LatelyFreed;
}

export class PendingAllocations {
  readonly holdings = new Holdings();
  readonly #ready = new Keys();
  readonly #wanting = new Keys();
  readonly #everyNode = new Set<NodeId>();

  /** @param known besides what the store tells */
  constructor(view: StoreView, nowMs: number, { former, freed }: Known = {}) {
    const tasks = view.tasks();
    // The newest last: what is given next follows it, and what was given back lately comes late.
    const holders = tasks.filter(({ addresses }) => addresses !== undefined);
    holders.sort((a, b) => a.version - b.version || (a.id < b.id ? -1 : 1));
    const events: StoreEvent[] = [
      ...view.networks().map((after) => ({ type: "network", after }) as const),
      ...view.services().map((after) => ({ type: "service", after }) as const),
      ...view.nodes().map((after) => ({ type: "node", after }) as const),
      ...holders.map((after) => ({ type: "task", after }) as const),
      ...view.attachments().map((after) => ({ type: "attachment", after }) as const),
      ...view.tasksInState("new").map((after) => ({ type: "task", after }) as const),
    ];
    this.observe(events, nowMs);
    if (freed !== undefined) this.holdings.restFreed(freed, nowMs);
    for (const task of holders) this.holdings.rest(task, nowMs);
    if (former !== undefined) this.holdings.restAllOf(former.holdings, nowMs);
  }

  get hasWork(): boolean {
    return this.#ready.size > 0;
  }

  get isWanting(): boolean {
    return this.#wanting.size > 0;
  }

  /** @param events of whole commands */
  observe(events: readonly StoreEvent[], nowMs: number): void {
    // Networks come first and go last: what is held on them is known while they are there.
    const ordered = [
      ...events.filter(({ type, after }) => type === "network" && after !== undefined),
      ...events.filter(({ type }) => type !== "network"),
      ...events.filter(({ type, after }) => type === "network" && after === undefined),
    ];
    for (const event of ordered) {
      this.holdings.observe(event, nowMs);
      this.#note(event);
    }
  }

  /** At most `limit` things to look at; they are no longer pending. */
  take(limit: number): readonly AllocationKey[] {
    return this.#ready.take(limit);
  }

  /** Something for it is missing. */
  want(key: AllocationKey): void {
    this.#wanting.add(key);
  }

  tryAgain(): void {
    for (const key of this.#wanting.take(Number.MAX_SAFE_INTEGER)) this.#ready.add(key);
  }

  #note(event: StoreEvent): void {
    switch (event.type) {
      case "network": {
        this.tryAgain();
        const { before, after } = event;
        if (after === undefined || !(isIngress(after) || before !== undefined)) return;
        for (const id of this.#everyNode) this.#ready.add({ kind: "node", id });
        return;
      }
      case "service": {
        const { before, after } = event;
        if (after === undefined) return;
        const same = before?.frame === after.frame && before.revision === after.revision;
        if (!same) this.#ready.add({ kind: "service", id: after.id });
        return;
      }
      case "node": {
        const { before, after } = event;
        if (after === undefined) {
          if (before !== undefined) this.#everyNode.delete(before.id);
          return;
        }
        this.#everyNode.add(after.id);
        if (before?.description === after.description && before !== undefined) return;
        this.#ready.add({ kind: "node", id: after.id });
        return;
      }
      case "task":
        this.#noteTask(event.before, event.after);
        return;
      case "attachment":
        this.#noteAttachment(event.before, event.after);
        return;
      case "cluster":
      case "revision":
        return;
    }
  }

  #noteAttachment(before: Attachment | undefined, after: Attachment | undefined): void {
    if (after !== undefined && !isAllocated(after) && after.error === undefined)
      this.#ready.add({ kind: "attachment", id: after.id });
    const node = (after ?? before)?.nodeId;
    if (node !== undefined && before?.addresses !== after?.addresses)
      this.#ready.add({ kind: "node", id: node });
  }

  #noteTask(before: Task | undefined, after: Task | undefined): void {
    const isNew = before === undefined && after?.status.state === "new";
    if (isNew && isWanted(after.desired)) this.#ready.add({ kind: "task", id: after.id });
    const task = after ?? before;
    if (task?.addresses === undefined || task.nodeId === undefined) return;
    // Its node serves its networks from now on, or perhaps no longer.
    // (One of a global service has its node before it has addresses.)
    const hadAddresses = before?.addresses !== undefined;
    if (before?.nodeId === after?.nodeId && hadAddresses === (after?.addresses !== undefined))
      return;
    this.#ready.add({ kind: "node", id: task.nodeId });
  }
}

class Keys {
  readonly #services = new Set<ServiceId>();
  readonly #nodes = new Set<NodeId>();
  readonly #tasks = new Set<TaskId>();
  readonly #attachments = new Set<TaskId>();

  get size(): number {
    return this.#services.size + this.#nodes.size + this.#tasks.size + this.#attachments.size;
  }

  add(key: AllocationKey): void {
    switch (key.kind) {
      case "service":
        this.#services.add(key.id);
        return;
      case "node":
        this.#nodes.add(key.id);
        return;
      case "task":
        this.#tasks.add(key.id);
        return;
      case "attachment":
        this.#attachments.add(key.id);
        return;
    }
  }

  take(limit: number): readonly AllocationKey[] {
    const services = take(this.#services, limit).map((id) => ({ kind: "service", id }) as const);
    const nodes = take(this.#nodes, limit - services.length);
    const left = limit - services.length - nodes.length;
    const tasks = take(this.#tasks, left);
    return [
      ...services,
      ...nodes.map((id) => ({ kind: "node", id }) as const),
      ...tasks.map((id) => ({ kind: "task", id }) as const),
      ...take(this.#attachments, left - tasks.length).map(
        (id) => ({ kind: "attachment", id }) as const,
      ),
    ];
  }
}

function take<Id>(ids: Set<Id>, limit: number): Id[] {
  const taken: Id[] = [];
  for (const id of ids) {
    if (taken.length >= limit) break;
    ids.delete(id);
    taken.push(id);
  }
  return taken;
}
