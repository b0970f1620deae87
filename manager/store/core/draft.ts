/**
 * One command being carried out: changes go through it to the state, and it keeps what each
 * object was before and is after, for watchers, for the hash, and to take everything back if a
 * later change does not fit.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Network } from "../../../shared/model/network.js";
import type { Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import type { StoreEvent } from "./change.js";
import type { State } from "./state.js";

export class Draft {
  readonly state: State;
  /** Wall clock of the command's proposer (ms). */
  readonly atMs: number;
  /** The command's own number: the version of what it makes. */
  readonly sequence: number;
  readonly #events: (StoreEvent | undefined)[] = [];
  /** Where the event of an object lies, by its newest value; made when it is first asked for. */
  #places: Map<object, number> | undefined;

  constructor(state: State, command: { readonly atMs: number; readonly sequence: number }) {
    this.state = state;
    this.atMs = command.atMs;
    this.sequence = command.sequence;
  }

  /** What happened to each object as a whole, in the order in which they were first touched. */
  events(): readonly StoreEvent[] {
    return this.#events.filter((event) => event !== undefined);
  }

  /** Whether some object is not as it was. */
  get changedSomething(): boolean {
    return this.#events.some((event) => event !== undefined);
  }

  rollback(): void {
    this.state.rollback(this.events());
  }

  setCluster(before: Cluster | undefined, after: Cluster): void {
    this.state.setCluster(before, after);
    this.#record("cluster", before, after);
  }

  setNode(id: NodeId, before: Node | undefined, after: Node | undefined): void {
    this.state.setNode(id, before, after);
    this.#record("node", before, after);
  }

  setNetwork(id: NetworkId, before: Network | undefined, after: Network | undefined): void {
    this.state.setNetwork(id, before, after);
    this.#record("network", before, after);
  }

  setService(id: ServiceId, before: Service | undefined, after: Service | undefined): void {
    this.state.setService(id, before, after);
    this.#record("service", before, after);
  }

  addRevision(revision: Revision): void {
    this.state.setRevision(revision.serviceId, revision.number, revision);
    this.#record("revision", undefined, revision);
  }

  removeRevision(revision: Revision): void {
    this.state.setRevision(revision.serviceId, revision.number, undefined);
    this.#record("revision", revision, undefined);
  }

  setTask(id: TaskId, before: Task | undefined, after: Task | undefined): void {
    this.state.setTask(id, before, after);
    this.#record("task", before, after);
  }

  setAttachment(id: TaskId, before: Attachment | undefined, after: Attachment | undefined): void {
    this.state.setAttachment(id, before, after);
    this.#record("attachment", before, after);
  }

  #record<T extends Dated>(
    type: StoreEvent["type"],
    before: T | undefined,
    after: T | undefined,
  ): void {
    const place = before === undefined ? undefined : this.#placeOf(before);
    if (place === undefined) {
      if (after !== undefined) this.#places?.set(after, this.#events.length);
      this.#events.push(eventOf(type, before, after));
      return;
    }
    const first = this.#events[place]?.before;
    if (after !== undefined) this.#places?.set(after, place);
    // Made and removed by the same command: nothing happened to it.
    this.#events[place] =
      first === undefined && after === undefined ? undefined : eventOf(type, first, after);
  }

  /** Where the event is that made `object` what it is; none if this command did not. */
  #placeOf(object: Dated): number | undefined {
    // What this command changed carries its time. Few commands touch anything twice, and those that
    // do not need no map of what they did.
    if ((object.updatedAtMs ?? object.createdAtMs) !== this.atMs) return undefined;
    if (this.#places === undefined) {
      this.#places = new Map();
      for (const [place, event] of this.#events.entries())
        if (event?.after !== undefined) this.#places.set(event.after, place);
    }
    return this.#places.get(object);
  }
}

interface Dated {
  readonly createdAtMs: number;
  /** Absent for what never changes. */
  readonly updatedAtMs?: number;
}

function eventOf(
  type: StoreEvent["type"],
  before: object | undefined,
  after: object | undefined,
): StoreEvent {
  // Each caller above passes the objects of its own type.
  if (before === undefined) return { type, after } as StoreEvent;
  if (after === undefined) return { type, before } as StoreEvent;
  return { type, before, after } as StoreEvent;
}
