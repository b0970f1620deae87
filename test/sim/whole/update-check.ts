/**
 * DESIGN 5, point 9, and what is said of an update: it never holds down more slots than it may at
 * once, start-first none; it rests where it is paused; it is over when all is new and watched; it
 * gives up for failures, and for nothing else; a rollback is never rolled back.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { UpdateConfig } from "../../../shared/docker-api/service-spec.js";
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type Check, type Ground, newestByPlace, placeOf } from "./ground.js";

const NS_PER_MS = 1e6;

/** A slot that an update gave a new task. */
interface Renewal {
  task: Task;
  /** A node that takes part again is filled, whatever ran there before: no lane is taken by that. */
  readonly lane: "taken" | "none";
  /** When its new task ran, or had ended, as the command says that told of it (wall ms). */
  arrivedAtMs: number | undefined;
  failed: boolean;
}

/** Of the revision that a service has now. */
interface Course {
  readonly revision: number;
  readonly renewals: Map<string, Renewal>;
}

export class UpdateCheck implements Check {
  readonly points = "9";
  readonly #ground: Ground;
  readonly #courses = new Map<ServiceId, Course>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    const given = new Map<string, Task>();
    for (const event of events) {
      if (event.type === "service" && event.before && event.after) {
        this.#changed(event.before, event.after);
      }
      if (event.type !== "task" || event.before === undefined) continue;
      const { before, after } = event;
      if (after !== undefined && isWanted(after.desired)) this.#moved(after);
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

  #courseOf(service: Service): Course {
    let course = this.#courses.get(service.id);
    if (course?.revision !== service.revision) {
      course = { revision: service.revision, renewals: new Map() };
      this.#courses.set(service.id, course);
    }
    return course;
  }

  /** The new task of a slot came up, or ended. */
  #moved(task: Task): void {
    const service = this.#ground.view.service(task.serviceId);
    if (service === undefined || task.revision !== service.revision) return;
    const renewal = this.#courseOf(service).renewals.get(placeOf(task));
    if (renewal?.task.id !== task.id) return;
    renewal.task = task;
    const { state } = task.status;
    if (state === "running" || isTerminal(state)) renewal.arrivedAtMs ??= task.updatedAtMs;
    const hasEnded = ["failed", "rejected", "complete"].includes(state);
    if (!hasEnded || renewal.failed) return;
    const ranMs = task.ranAtMs === undefined ? 0 : task.status.atMs - task.ranAtMs;
    renewal.failed = ranMs <= settingsOf(service).monitorMs;
  }

  #made(made: Task, old: Task | undefined): void {
    const service = this.#ground.view.service(made.serviceId);
    if (service === undefined || service.frame.UpdateConfig === undefined) return;
    const { view } = this.#ground;
    const beside = view
      .tasksOfService(service.id)
      .filter(({ id, desired }) => id !== made.id && isWanted(desired))
      .find((other) => placeOf(other) === placeOf(made));
    const replaced = old ?? beside ?? this.#lastAt(made);
    if (replaced === undefined || made.revision !== service.revision) return;
    if (made.restartsAtMs !== undefined) return;
    const { renewals } = this.#courseOf(service);
    const settings = settingsOf(service);
    const isFilled = made.slot === 0 && old === undefined && beside === undefined;
    const lane = isFilled ? "none" : "taken";
    const renewal: Renewal = { task: made, lane, arrivedAtMs: undefined, failed: false };
    if (replaced.revision === made.revision) {
      // Moved to another node: the update waits for it there.
      if (renewals.has(placeOf(made))) renewals.set(placeOf(made), renewal);
      return;
    }
    renewals.set(placeOf(made), renewal);
    const { state = "" } = service.update ?? {};
    if (state.endsWith("paused")) {
      const detail = `${made.id} renews ${placeOf(made)}, and the update is ${state}`;
      this.#ground.violated("a paused update renews nothing", detail);
    }
    const lanes = [...renewals.values()].filter((each) =>
      this.#takesLane(each, settings, made.createdAtMs),
    );
    if (isFilled || lanes.length <= settings.parallelism) return;
    const detail = `with ${placeOf(made)}, ${lanes.length} slots are renewed at once, of ${settings.parallelism}`;
    this.#ground.violated("an update keeps to its parallelism and delay", detail);
  }

  /** One whose last task ended for good; where it was stopped for its node, the slot is filled anew. */
  #lastAt(made: Task): Task | undefined {
    const place = placeOf(made);
    const past = this.#ground.view
      .tasksOfService(made.serviceId)
      .filter((task) => task.id !== made.id && task.desired === "shutdown")
      .filter((task) => placeOf(task) === place);
    const last = newestByPlace(this.#ground, past).get(place);
    const hasEnded = ["complete", "failed", "rejected"].includes(last?.status.state ?? "");
    return hasEnded ? last : undefined;
  }

  /** Its new task has not arrived, or not for long enough. A lost node holds its own slot down. */
  #takesLane({ task, lane, arrivedAtMs }: Renewal, { delayMs }: Settings, atMs: number): boolean {
    if (lane === "none") return false;
    const known = this.#ground.tasks.get(task.id);
    if (known === undefined || known.unwantedMs !== undefined) return false;
    if (!this.#isRenewable(task)) return false;
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
    const detail = `${old.id} runs at ${placeOf(old)} and is stopped (${footing}), ${next.id} is ${next.status.state}`;
    this.#ground.violated("start-first, the old is stopped once the new runs", detail);
  }

  #isYounger(task: Task, other: Task): boolean {
    const madeMs = (id: Task["id"]): number => this.#ground.tasks.get(id)?.createdMs ?? 0;
    return madeMs(task.id) > madeMs(other.id);
  }

  #footingOf({ nodeId, serviceId, revision }: Task): "firm" | "leaving" | "lost" {
    const node = nodeId === undefined ? undefined : this.#ground.view.node(nodeId);
    if (node === undefined || node.status.state === "down") return "lost";
    const { Availability: availability, DrainDeadline: deadline } = node.spec;
    // Past its deadline it is stopped whatever replaces it.
    if (availability === "drain") return deadline === undefined ? "leaving" : "lost";
    const template = this.#ground.view.revision(serviceId, revision)?.template;
    const constraints = parseConstraints(template?.Placement?.Constraints ?? []);
    return availability === "pause" || matchesNode(constraints, node) ? "firm" : "leaving";
  }

  #changed(before: Service, after: Service): void {
    const [from, to] = [before.update?.state, after.update?.state];
    if (from === to || to === undefined) return;
    if (to === "completed" || to === "rollback_completed") this.#completed(after);
    if (to === "paused" || to === "rollback_paused") this.#gaveUp(before, after);
    if (to !== "rollback_started" || after.update?.message.startsWith("manually") === true) return;
    this.#gaveUp(before, after);
    if (from !== "updating") {
      const detail = `${after.id} goes back while it is ${from ?? "at rest"}`;
      this.#ground.violated("a rollback is never rolled back", detail);
    }
  }

  #completed(service: Service): void {
    const { view } = this.#ground;
    const wanted = view.tasksOfService(service.id).filter((task) => isWanted(task.desired));
    for (const [place, task] of newestByPlace(this.#ground, wanted)) {
      if (!this.#isRenewable(task)) continue;
      if (this.#ground.isCurrent(task)) continue;
      const detail = `${service.id} is updated, and ${task.id} at ${place} is of revision ${task.revision}`;
      this.#ground.violated("an update is over when all is new", detail);
    }
    this.#wasWatched(service);
  }

  #wasWatched(service: Service): void {
    const { monitorMs, maxFailureRatio, config } = settingsOf(service);
    const { renewals } = this.#courseOf(service);
    const there = [...renewals.values()].filter(({ task }) => {
      return this.#ground.tasks.get(task.id)?.unwantedMs === undefined && this.#isRenewable(task);
    });
    const atMs = service.update?.completedAtMs ?? 0;
    for (const { task, arrivedAtMs } of there) {
      if (arrivedAtMs !== undefined && atMs - arrivedAtMs >= monitorMs) continue;
      const detail = `${service.id} is updated, and ${task.id} is ${task.status.state}`;
      this.#ground.violated("an update is over when all was watched", detail);
    }
    if (config.FailureAction === "continue") return;
    const failed = there.filter((renewal) => renewal.failed).length;
    if (failed === 0 || failed / this.#slotsOf(service) <= maxFailureRatio) return;
    const detail = `${service.id} is updated, and ${failed} of its tasks failed`;
    this.#ground.violated("an update gives up after too many failures", detail);
  }

  #gaveUp(before: Service, after: Service): void {
    const { maxFailureRatio, config } = settingsOf(before);
    const { renewals } = this.#courses.get(before.id) ?? { renewals: new Map<string, Renewal>() };
    const failed = [...renewals.values()].filter((renewal) => renewal.failed).length;
    const to = after.update?.state ?? "";
    const wanted =
      config.FailureAction === "rollback" ? ["rollback_started", "paused"] : ["paused"];
    const isRollback = before.update?.state === "rollback_started";
    const allowed = isRollback ? ["rollback_paused"] : wanted;
    if (config.FailureAction === "continue" || !allowed.includes(to)) {
      const detail = `${after.id} becomes ${to}, and should ${config.FailureAction ?? "pause"}`;
      this.#ground.violated("an update that fails does as it was told", detail);
    }
    if (failed / Math.max(1, renewals.size) > maxFailureRatio) return;
    const detail = `${after.id} becomes ${to}: ${failed} of ${renewals.size} failed, at most ${maxFailureRatio} may`;
    this.#ground.violated("an update gives up for failures only", detail);
  }

  #slotsOf(service: Service): number {
    const tasks = this.#ground.view.tasksOfService(service.id);
    return new Set(tasks.filter(({ desired }) => desired !== "remove").map(placeOf)).size;
  }

  /** Of a global service, only what is on a node that takes part is renewed. */
  #isRenewable({ slot, nodeId }: Task): boolean {
    return slot !== 0 || (nodeId !== undefined && this.#ground.isOpen(nodeId));
  }
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
