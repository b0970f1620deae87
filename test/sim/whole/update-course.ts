/**
 * What an update has done so far. Its tasks are those of the service's present revision that are no
 * restarts, whoever made them: how they fare is what is known of the new template.
 */
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type Ground, newestByPlace, placeOf } from "./ground.js";

const NS_PER_MS = 1e6;
const ENDS_OF_ITS_OWN: readonly string[] = ["complete", "failed", "rejected"];

/** The newest task of an update at a place. */
export interface First {
  task: Task;
  /** What was vacant is filled, and takes no lane. */
  readonly lane: "taken" | "none";
  /** When it ran, or had ended, as the command says that told of it (wall ms). */
  arrivedAtMs: number | undefined;
  /** How it had ended when the user last spoke may count no more. */
  isForgiven: boolean;
}

/** Of the revision that a service has now. */
export interface Course {
  readonly revision: number;
  readonly firsts: Map<string, First>;
}

/** A task that is new at its place: what it is there for. */
export type Making =
  | { readonly kind: "fills" }
  | { readonly kind: "moves"; readonly replaced: Task }
  | { readonly kind: "renews"; readonly replaced: Task };

export class UpdateCourses {
  readonly #ground: Ground;
  readonly #courses = new Map<ServiceId, Course>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  of(service: Service): Course {
    let course = this.#courses.get(service.id);
    if (course?.revision !== service.revision) {
      course = { revision: service.revision, firsts: new Map() };
      this.#courses.set(service.id, course);
    }
    return course;
  }

  /** The user spoke: an update that goes on begins without the failures before. */
  forgive(id: ServiceId): void {
    for (const first of this.#courses.get(id)?.firsts.values() ?? []) {
      first.isForgiven ||= isTerminal(first.task.status.state);
    }
  }

  /** A task came up, or ended. */
  moved(task: Task): void {
    const first = this.#courses.get(task.serviceId)?.firsts.get(placeOf(task));
    if (first?.task.id !== task.id) return;
    first.task = task;
    const { state } = task.status;
    if (state === "running" || isTerminal(state)) first.arrivedAtMs ??= task.updatedAtMs;
  }

  /** @param made of the service's revision, and no restart */
  begun(made: Task, service: Service, making: Making): void {
    const { firsts } = this.of(service);
    const known = firsts.get(placeOf(made));
    const lane = making.kind === "renews" ? "taken" : (known?.lane ?? "none");
    firsts.set(placeOf(made), { task: made, lane, arrivedAtMs: undefined, isForgiven: false });
  }

  /** @param given the task that the same command dismissed at its place */
  makingOf(made: Task, given: Task | undefined): Making {
    const beside = this.#ground.view
      .tasksOfService(made.serviceId)
      .filter(({ id, desired }) => id !== made.id && isWanted(desired))
      .find((other) => placeOf(other) === placeOf(made));
    const replaced = given ?? beside ?? this.#lastAt(made);
    if (replaced === undefined) return { kind: "fills" };
    const isSame = replaced.revision === made.revision || this.#ground.isCurrent(replaced);
    return { kind: isSame ? "moves" : "renews", replaced };
  }

  /**
   * What holds a place without being wanted: the last task there. A node as a place is held only by
   * one that ended for good; what was stopped for its node, or would have been followed, is filled anew.
   */
  #lastAt(made: Task): Task | undefined {
    const place = placeOf(made);
    const past = this.#ground.view
      .tasksOfService(made.serviceId)
      .filter((task) => task.id !== made.id && task.desired === "shutdown")
      .filter((task) => placeOf(task) === place);
    const last = newestByPlace(this.#ground, past).get(place);
    return last !== undefined && (last.slot !== 0 || endedForGood(this.#ground, last))
      ? last
      : undefined;
  }

  /**
   * How many places an update is about: those with tasks of its own, and those still to be renewed.
   * @param service as it was when the update had the course
   */
  countPlaces(service: Service): number {
    const { firsts } = this.of(service);
    const held = this.#ground.view
      .tasksOfService(service.id)
      .filter(({ desired }) => desired !== "remove");
    let count = 0;
    for (const [place, task] of newestByPlace(this.#ground, held)) {
      if (!this.isRenewable(task, service)) continue;
      if (firsts.has(place) || !this.#ground.isCurrent(task, service)) count++;
    }
    return count;
  }

  /** Of a global service, only what is on a node that takes part is renewed. */
  isRenewable(task: Task, service = this.#ground.view.service(task.serviceId)): boolean {
    const { slot, nodeId } = task;
    if (slot !== 0) return true;
    const node = nodeId === undefined ? undefined : this.#ground.view.node(nodeId);
    if (node === undefined || !this.#ground.isOpen(node.id)) return false;
    const template =
      service && this.#ground.view.revision(task.serviceId, service.revision)?.template;
    return matchesNode(parseConstraints(template?.Placement?.Constraints ?? []), node);
  }
}

/** It ended by itself before it had run for the monitor period. */
export function hasFailed({ task: { status, ranAtMs } }: First, monitorMs: number): boolean {
  if (!ENDS_OF_ITS_OWN.includes(status.state)) return false;
  return ranAtMs === undefined || status.atMs - ranAtMs <= monitorMs;
}

/** It ended by itself, and its policy says no to another try. */
export function endedForGood({ view }: Ground, task: Task): boolean {
  const { serviceId, revision, status, restartsAtMs = [], updatedAtMs } = task;
  if (!ENDS_OF_ITS_OWN.includes(status.state)) return false;
  const {
    Condition: condition,
    MaxAttempts: attempts = 0,
    Window: window = 0,
  } = view.revision(serviceId, revision)?.template.RestartPolicy ?? {};
  if (condition === "none") return true;
  if (condition === "on-failure" && status.state === "complete") return true;
  const sinceMs = window === 0 ? 0 : updatedAtMs - window / NS_PER_MS;
  return attempts > 0 && restartsAtMs.filter((atMs) => atMs > sinceMs).length >= attempts;
}
