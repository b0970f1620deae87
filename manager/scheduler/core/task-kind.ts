/**
 * Tasks of a service that run the same, whatever their revisions say of where. Mostly a service has
 * one kind. While it is being updated it has two, and then those that are about to go must not
 * decide where those go that come: nodes would in the end have as many as the old ones left room for.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import { hashWithoutPlacement, type Revision } from "../../../shared/model/revision.js";
import type { NodeLoad } from "./node-load.js";

export class TaskKind {
  readonly serviceId: ServiceId;
  readonly #revision: Revision;
  /** Worked out when there is another revision to compare with: most services have none in use. */
  #hash: string | undefined;
  /** Tasks wanted on each node; absent while all tasks of the service are of this kind. */
  #tasks: WeakMap<NodeLoad, number> | undefined;

  /** The only kind that the service has; or `beside` others, and still without a task. */
  constructor(revision: Revision, place: "only" | "beside") {
    this.serviceId = revision.serviceId;
    this.#revision = revision;
    if (place === "beside") this.#tasks = new WeakMap();
  }

  get isOnly(): boolean {
    return this.#tasks === undefined;
  }

  includes(revision: Revision): boolean {
    if (revision.hash === this.#revision.hash) return true;
    this.#hash ??= hashWithoutPlacement(this.#revision);
    return this.#hash === hashWithoutPlacement(revision);
  }

  /**
   * From now on there are others.
   * @param holders the nodes on which tasks of the service are wanted
   */
  standBeside(holders: Iterable<NodeLoad>): void {
    if (this.#tasks !== undefined) return;
    this.#tasks = new WeakMap();
    for (const load of holders) this.#tasks.set(load, load.tasksOf(this.serviceId));
  }

  tasksOn(load: NodeLoad): number {
    return this.#tasks === undefined ? load.tasksOf(this.serviceId) : (this.#tasks.get(load) ?? 0);
  }

  /** A task of this kind is wanted on the node (1), or no longer (-1). */
  count(load: NodeLoad, change: 1 | -1): void {
    this.#tasks?.set(load, (this.#tasks.get(load) ?? 0) + change);
  }
}
