/**
 * DESIGN 5, point 9, and what is said of an update: it never holds down more slots than it may at
 * once, start-first none; it rests where it is paused, until its user speaks; it is over when all is
 * new and watched; it gives up for failures, and for nothing else; a rollback is never rolled back.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { UpdateConfig } from "../../../shared/docker-api/service-spec.js";
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Node } from "../../../shared/model/node.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import { missingGenerics } from "./generic-holdings.js";
import { type Check, type Ground, newestByPlace, placeOf } from "./ground.js";
import { capacityOf, fitsInto, holdersOn, reservedBy } from "./holdings.js";
import { type First, hasFailed, type Making, UpdateCourses } from "./update-course.js";

const NS_PER_MS = 1e6;
/** A plan is made on what was so a little before it is committed. */
const DECIDED_MS = 60;
/** From one failure too many until the update gives up, under a leader that nothing is wrong with. */
const GIVES_UP_WITHIN_MS = 3_000;

export class UpdateCheck implements Check {
  readonly points = "9";
  readonly #ground: Ground;
  readonly #courses: UpdateCourses;
  /** Since when an update should have given up. */
  readonly #failingSinceMs = new Map<ServiceId, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#courses = new UpdateCourses(ground);
  }

  committed(events: readonly StoreEvent[]): void {
    const given = new Map<string, Task>();
    for (const event of events) {
      if (event.type === "service" && event.before && event.after) {
        this.#changed(event.before, event.after);
      }
      if (event.type !== "task" || event.before === undefined) continue;
      const { before, after } = event;
      if (after !== undefined) this.#courses.moved(after);
      if (isWanted(before.desired) && !isWanted(after?.desired ?? "remove")) {
        given.set(placeOf(before), before);
        if (after?.desired === "shutdown") this.#dismissed(before, events);
      }
    }
    for (const event of events) {
      if (event.type !== "task" || event.before !== undefined || !event.after) continue;
      this.#made(event.after, given.get(placeOf(event.after)));
    }
  }

  #made(made: Task, given: Task | undefined): void {
    const service = this.#ground.view.service(made.serviceId);
    if (service === undefined || service.frame.UpdateConfig === undefined) return;
    if (made.revision !== service.revision) return;
    const making = this.#courses.makingOf(made, given);
    if (made.restartsAtMs !== undefined) {
      this.#keepsItsTemplate(made, making);
      return;
    }
    this.#courses.begun(made, service, making);
    if (making.kind === "renews") this.#renews(made, service);
  }

  /** Docker would spread the new template by restarts, while an update is paused or waits. */
  #keepsItsTemplate(made: Task, making: Making): void {
    if (making.kind !== "renews" || !this.#isOldNews(making.replaced)) return;
    const detail = `${made.id} is of revision ${made.revision}, after ${making.replaced.id}`;
    this.#ground.violated("a restart keeps its template", detail);
  }

  #renews(made: Task, service: Service): void {
    const { state = "" } = service.update ?? {};
    if (state.endsWith("paused")) {
      const detail = `${made.id} renews ${placeOf(made)}, and the update is ${state}`;
      this.#ground.violated("a paused update renews nothing", detail);
    }
    const settings = settingsOf(service);
    const lanes = [...this.#courses.of(service).firsts.values()].filter((each) =>
      this.#takesLane(each, settings, made.createdAtMs),
    );
    if (lanes.length <= settings.parallelism) return;
    const detail = `with ${placeOf(made)}, ${lanes.length} slots are renewed at once, of ${settings.parallelism}`;
    this.#ground.violated("an update keeps to its parallelism and delay", detail);
  }

  /** Its new task has not arrived, or not for long enough. A lost node holds its own slot down. */
  #takesLane({ task, lane, arrivedAtMs }: First, { delayMs }: Settings, atMs: number): boolean {
    if (lane === "none") return false;
    const known = this.#ground.tasks.get(task.id);
    if (known === undefined || known.unwantedMs !== undefined) return false;
    if (!this.#courses.isRenewable(task)) return false;
    return arrivedAtMs === undefined || atMs - arrivedAtMs < delayMs;
  }

  /** What ran and could stay is stopped: by an update, in its order, or for a drain. */
  #dismissed(old: Task, events: readonly StoreEvent[]): void {
    const service = this.#ground.view.service(old.serviceId);
    if (service === undefined || old.status.state !== "running" || old.slot === 0) return;
    const footing = this.#footingOf(old);
    if (footing === "lost") return;
    const rests = this.#ground.view
      .tasksOfService(service.id)
      .filter(({ id, desired }) => id !== old.id && isWanted(desired))
      .filter((other) => placeOf(other) === placeOf(old));
    const [next] = rests;
    if (next === undefined || this.#isYounger(old, next)) return;
    const { Order: order = "stop-first" } =
      footing === "leaving" ? (service.frame.UpdateConfig ?? {}) : settingsOf(service).config;
    const isMade = events.some(({ type, before, after }) => {
      return type === "task" && before === undefined && (after as Task).id === next.id;
    });
    if (order !== "start-first" && isMade) return;
    if (next.status.state === "running" || next.status.state === "complete") return;
    if (this.#givesWay(old, next)) return;
    const detail = `${old.id} runs at ${placeOf(old)} and is stopped (${footing}), ${next.id} is ${next.status.state}`;
    this.#ground.violated("start-first, the old is stopped once the new runs", detail);
  }

  /** Its node has less than it promised, and nobody else has room for what should come first. */
  #givesWay(old: Task, { status }: Task): boolean {
    if (status.state !== "pending" || status.error === undefined) return false;
    const { view } = this.#ground;
    const node = old.nodeId === undefined ? undefined : view.node(old.nodeId);
    return node !== undefined && this.#isOverfull(node, old);
  }

  /** With the task, that is. */
  #isOverfull(node: Node, task: Task): boolean {
    const { view } = this.#ground;
    const staying = holdersOn(view, node.id).filter(({ id, desired }) => {
      return id === task.id || isWanted(desired);
    });
    const fits = fitsInto(capacityOf(node), reservedBy(view, staying));
    return !fits || missingGenerics(view, node).length > 0;
  }

  #isYounger(task: Task, other: Task): boolean {
    const madeMs = (id: Task["id"]): number => this.#ground.tasks.get(id)?.createdMs ?? 0;
    return madeMs(task.id) > madeMs(other.id);
  }

  #footingOf(task: Task): "firm" | "leaving" | "lost" {
    const { nodeId, serviceId, revision } = task;
    const node = nodeId === undefined ? undefined : this.#ground.view.node(nodeId);
    if (node === undefined || node.status.state === "down") return "lost";
    const { Availability: availability, DrainDeadline: deadline } = node.spec;
    // Past its deadline it is stopped whatever replaces it.
    if (availability === "drain") return deadline === undefined ? "leaving" : "lost";
    if (this.#isOverfull(node, task)) return "leaving";
    const template = this.#ground.view.revision(serviceId, revision)?.template;
    const constraints = parseConstraints(template?.Placement?.Constraints ?? []);
    return availability === "pause" || matchesNode(constraints, node) ? "firm" : "leaving";
  }

  #changed(before: Service, after: Service): void {
    const [from, to] = [before.update?.state, after.update?.state];
    const isSpoken = before.version !== after.version && !isOwnRollback(after);
    if (isSpoken) this.#courses.forgive(after.id);
    if (isOwnRollback(after) && before.version !== after.version) {
      this.#gaveUp(before, after);
      if (from !== "updating") {
        const detail = `${after.id} goes back while it is ${from ?? "at rest"}`;
        this.#ground.violated("a rollback is never rolled back", detail);
      }
      return;
    }
    if (from === to || to === undefined) return;
    if (from?.endsWith("paused") === true && !isSpoken) {
      const detail = `${after.id} is ${from}, becomes ${to}, and its user said nothing`;
      this.#ground.violated("a paused update waits for its user", detail);
    }
    if (to === "completed" || to === "rollback_completed") this.#completed(after);
    if (to === "paused" || to === "rollback_paused") this.#gaveUp(before, after);
  }

  #completed(service: Service): void {
    const { view } = this.#ground;
    const wanted = view.tasksOfService(service.id).filter((task) => isWanted(task.desired));
    for (const [place, task] of newestByPlace(this.#ground, wanted)) {
      if (!this.#courses.isRenewable(task)) continue;
      if (this.#ground.isCurrent(task)) continue;
      const detail = `${service.id} is updated, and ${task.id} at ${place} is of revision ${task.revision}`;
      this.#ground.violated("an update is over when all is new", detail);
    }
    this.#wasWatched(service);
  }

  #wasWatched(service: Service): void {
    const { monitorMs } = settingsOf(service);
    const atMs = service.update?.completedAtMs ?? 0;
    for (const { task, lane, arrivedAtMs } of this.#courses.of(service).firsts.values()) {
      if (lane === "none" || this.#ground.tasks.get(task.id)?.unwantedMs !== undefined) continue;
      if (!this.#courses.isRenewable(task)) continue;
      if (arrivedAtMs !== undefined && atMs - arrivedAtMs >= monitorMs) continue;
      const detail = `${service.id} is updated, and ${task.id} is ${task.status.state}`;
      this.#ground.violated("an update is over when all was watched", detail);
    }
    if (!this.#hasFailed(service)) return;
    const detail = `${service.id} is updated, and too many of its tasks failed`;
    this.#ground.violated("an update gives up after too many failures", detail);
  }

  tick(): void {
    const { nowMs, leaderSoundForMs } = this.#ground;
    for (const service of this.#ground.view.services()) {
      const isUnderWay = ["updating", "rollback_started"].includes(service.update?.state ?? "");
      if (!isUnderWay || !this.#hasFailed(service)) {
        this.#failingSinceMs.delete(service.id);
        continue;
      }
      const sinceMs = this.#failingSinceMs.get(service.id) ?? nowMs;
      this.#failingSinceMs.set(service.id, sinceMs);
      if (Math.min(nowMs - sinceMs, leaderSoundForMs) < GIVES_UP_WITHIN_MS) continue;
      const detail = `${service.id} goes on ${nowMs - sinceMs} ms after a failure too many`;
      this.#ground.violated("an update gives up after too many failures", detail);
    }
  }

  /** Surely, and not to be forgiven: one failure more than it may have. */
  #hasFailed(service: Service): boolean {
    const { monitorMs, maxFailureRatio, config } = settingsOf(service);
    if (config.FailureAction === "continue") return false;
    const failed = [...this.#courses.of(service).firsts].filter(([, first]) => {
      return !first.isForgiven && hasFailed(first, monitorMs);
    });
    if (failed.length === 0) return false;
    const tasks = this.#ground.view.tasksOfService(service.id);
    const held = tasks.filter(({ desired }) => desired !== "remove");
    const places = newestByPlace(this.#ground, held);
    const counted = failed.filter(([place]) => {
      const latest = places.get(place);
      if (latest === undefined || !this.#ground.isCurrent(latest)) return false;
      return this.#courses.isRenewable(latest) && this.#isOldNews(latest);
    });
    return counted.length / Math.max(1, places.size) > maxFailureRatio;
  }

  /** What its node is was known when the last command was decided on. */
  #isOldNews({ nodeId }: Pick<Task, "nodeId">): boolean {
    if (nodeId === undefined) return true;
    const slackMs = DECIDED_MS + this.#ground.cluster.commitMs;
    return this.#ground.nodeUnchangedForMs(nodeId) > slackMs;
  }

  #gaveUp(before: Service, after: Service): void {
    const { maxFailureRatio, monitorMs, config } = settingsOf(before);
    const to = after.update?.state ?? "";
    const wanted =
      config.FailureAction === "rollback" ? ["rollback_started", "paused"] : ["paused"];
    const isRollback = before.update?.state === "rollback_started";
    const allowed = isRollback ? ["rollback_paused"] : wanted;
    if (config.FailureAction === "continue" || !allowed.includes(to)) {
      const detail = `${after.id} becomes ${to}, and should ${config.FailureAction ?? "pause"}`;
      this.#ground.violated("an update that fails does as it was told", detail);
    }
    const firsts = [...this.#courses.of(before).firsts.values()];
    const failed = firsts.filter((first) => hasFailed(first, monitorMs)).length;
    // Of what was lost with its node, nobody knows.
    const known = firsts.filter(
      (first) => hasFailed(first, monitorMs) || this.#courses.isRenewable(first.task),
    );
    // Where a node has just changed, what the update was about may be another number.
    const isSure = this.#ground.view.nodes().every(({ id }) => this.#isOldNews({ nodeId: id }));
    const most = isSure ? this.#courses.countPlaces(before) : known.length;
    if (failed / Math.max(1, most) > maxFailureRatio) return;
    const detail = `${after.id} becomes ${to}: ${failed} of ${most} failed, at most ${maxFailureRatio} may`;
    this.#ground.violated("an update gives up for failures only", detail);
  }
}

/** By the update itself, not by its user. */
function isOwnRollback({ update }: Service): boolean {
  return update?.state === "rollback_started" && !update.message.startsWith("manually");
}

interface Settings {
  readonly parallelism: number;
  readonly delayMs: number;
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly config: UpdateConfig;
}

function settingsOf({ frame, update }: Service): Settings {
  const isRollback = update?.state.startsWith("rollback_") === true;
  const config: UpdateConfig = (isRollback ? frame.RollbackConfig : frame.UpdateConfig) ?? {};
  const { Parallelism: parallelism = 1, Delay: delay = 0, Monitor: monitor = 0 } = config;
  return {
    parallelism: parallelism === 0 ? Number.POSITIVE_INFINITY : parallelism,
    delayMs: delay / NS_PER_MS,
    monitorMs: monitor / NS_PER_MS,
    maxFailureRatio: config.MaxFailureRatio ?? 0,
    config,
  };
}
