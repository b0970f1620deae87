/**
 * The restart policy, counted anew from what was committed: a task that ended by itself is followed
 * by another only where its condition and attempts allow that, and not before its delay is over,
 * Docker's and the back-off on top; a task that waits for nothing is started.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import { matchesNode, parseConstraints } from "../../../shared/model/constraint.js";
import type { TaskId } from "../../../shared/model/ids.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type Check, type Ground, placeOf } from "./ground.js";

const NS_PER_MS = 1e6;
/** Restarts in a row without back-off, and its first step and its limit. */
const FREE_RESTARTS = 5;
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_LIMIT_MS = 60_000;
/** After a task that lived this long, nobody knows whether the row of failures goes on. */
const PERHAPS_WELL_MS = 30_000;
/** From the end of a wait until its end is committed, by a leader that nothing is wrong with. */
const STARTED_WITHIN_MS = 3_000;

/** How long a restart waits: from what is sure, to what may be. */
interface Wait {
  readonly leastMs: number;
  readonly mostMs: number;
}

const NO_WAIT: Wait = { leastMs: 0, mostMs: 0 };

export class RestartCheck implements Check {
  readonly points = "12";
  readonly #ground: Ground;
  /** When tasks of a slot were restarted at one revision, as far as the policy counts them. */
  readonly #restarts = new Map<string, number[]>();
  readonly #waits = new Map<TaskId, Wait>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    const given = new Map<string, Task>();
    for (const event of events) {
      if (event.type !== "task" || event.before === undefined) continue;
      const { before, after } = event;
      if (isWanted(before.desired) && !isWanted(after?.desired ?? "remove")) {
        given.set(placeOf(before), before);
      }
      if (before.desired === "ready" && after !== undefined && isWanted(after.desired)) {
        if (after.desired !== "ready") this.#started(after);
      }
    }
    for (const event of events) {
      if (event.type !== "task" || event.before !== undefined) continue;
      const { after: made } = event;
      if (made !== undefined) this.#made(made, given.get(placeOf(made)));
    }
  }

  #made(made: Task, old: Task | undefined): void {
    const key = `${placeOf(made)}/${made.revision}`;
    // What an update spared, as only constraints are others, is followed by the present revision.
    const isSequel = old?.revision === made.revision || made.restartsAtMs !== undefined;
    const known = this.#restarts.get(`${placeOf(made)}/${old?.revision ?? made.revision}`) ?? [];
    if (old === undefined || !isSequel) {
      // Filled anew, or updated, or the second of two that should run.
      if (!this.#hasCompany(made)) this.#restarts.delete(key);
      return;
    }
    this.#restarts.set(key, known);
    if (!isTerminal(old.status.state) || !this.#mayStay(old)) return;
    const template = this.#templateOf(made);
    const policy = template?.RestartPolicy ?? {};
    this.#mayFollow(old, policy, known);
    const delayMs = (policy.Delay ?? 0) / NS_PER_MS;
    const times = [...known, made.createdAtMs];
    this.#restarts.set(key, times);
    if (delayMs > 0 && made.desired !== "ready") {
      const detail = `${made.id} follows ${old.id} at once, and should wait for ${delayMs} ms`;
      this.#ground.violated("restarts wait out their delay", detail);
    }
    const leastMs = delayMs + backOffMs(lastRow(times).length);
    this.#waits.set(made.id, { leastMs, mostMs: delayMs + backOffMs(times.length) });
  }

  #mayFollow(old: Task, policy: NonNullable<TaskSpec["RestartPolicy"]>, known: number[]): void {
    const { Condition: condition = "any", MaxAttempts: attempts = 0, Window: window = 0 } = policy;
    const { state } = old.status;
    if (condition === "none" || (condition === "on-failure" && state === "complete")) {
      const detail = `${old.id} is ${state}, and followed by another in spite of ${condition}`;
      this.#ground.violated("restarts keep to their condition", detail);
    }
    const windowMs = window / NS_PER_MS;
    const nowMs = this.#ground.cluster.clock.wallMs();
    // What counted when it was decided may be out of the window when it is committed: not the other way.
    const counted = known.filter((atMs) => windowMs === 0 || atMs > nowMs - windowMs);
    if (attempts === 0 || counted.length < attempts) return;
    const detail = `${old.id} is followed by another after ${counted.length} of ${attempts} attempts`;
    this.#ground.violated("restarts keep to their attempts", detail);
  }

  #started(task: Task): void {
    const wait = this.#waits.get(task.id);
    this.#waits.delete(task.id);
    if (wait === undefined) return;
    const waitedMs = this.#ground.cluster.clock.wallMs() - task.createdAtMs;
    if (waitedMs >= wait.leastMs) return;
    const detail = `${task.id} is started after ${waitedMs} of ${wait.leastMs} ms`;
    this.#ground.violated("restarts wait out their delay", detail);
  }

  tick(): void {
    if (this.#ground.leaderSoundForMs < STARTED_WITHIN_MS) return;
    for (const { task, createdMs, unwantedMs, endedMs } of this.#ground.tasks.values()) {
      if (task.desired !== "ready" || unwantedMs !== undefined || endedMs !== undefined) continue;
      if (this.#ground.view.service(task.serviceId) === undefined) continue;
      const { mostMs } = this.#waits.get(task.id) ?? NO_WAIT;
      const overMs = this.#ground.nowMs - createdMs - mostMs;
      if (overMs < STARTED_WITHIN_MS || this.#isHeldUp(task)) continue;
      const detail = `${task.id} at ${placeOf(task)} should have been started ${overMs} ms ago`;
      this.#ground.violated("a task that waits for nothing is started", detail);
    }
  }

  /** Another task of its slot has not ended, or has just done so. */
  #isHeldUp(task: Task): boolean {
    const { nowMs } = this.#ground;
    const node = task.nodeId;
    if (node !== undefined && this.#ground.view.node(node)?.status.state !== "ready") return true;
    if (node !== undefined && this.#ground.nodeUnchangedForMs(node) < STARTED_WITHIN_MS)
      return true;
    return [...this.#ground.tasks.values()].some(({ task: other, endedMs }) => {
      if (other.id === task.id || placeOf(other) !== placeOf(task)) return false;
      if (endedMs !== undefined) return nowMs - endedMs < STARTED_WITHIN_MS;
      const { nodeId } = other;
      if (nodeId === undefined) return false;
      const isNews = this.#ground.nodeUnchangedForMs(nodeId) < STARTED_WITHIN_MS;
      return isNews || this.#ground.isInReach(nodeId);
    });
  }

  #hasCompany(made: Task): boolean {
    return this.#ground.view.tasksOfService(made.serviceId).some((other) => {
      return other.id !== made.id && isWanted(other.desired) && placeOf(other) === placeOf(made);
    });
  }

  /** Otherwise it is moved, and nothing counts and nothing is waited for. */
  #mayStay(task: Task): boolean {
    const node = task.nodeId === undefined ? undefined : this.#ground.view.node(task.nodeId);
    if (task.nodeId === undefined || !isPlaced(task)) return true;
    if (node === undefined || node.status.state === "down") return false;
    if (node.spec.Availability === "drain") return false;
    const constraints = this.#templateOf(task)?.Placement?.Constraints ?? [];
    return node.spec.Availability === "pause" || matchesNode(parseConstraints(constraints), node);
  }

  #templateOf({ serviceId, revision }: Task): TaskSpec | undefined {
    return this.#ground.view.revision(serviceId, revision)?.template;
  }
}

/** Those that surely followed each other without a task between that was well. */
function lastRow(restartsAtMs: readonly number[]): readonly number[] {
  let first = restartsAtMs.length - 1;
  while (first > 0) {
    const lifeMs = (restartsAtMs[first] ?? 0) - (restartsAtMs[first - 1] ?? 0);
    if (lifeMs > PERHAPS_WELL_MS) break;
    first--;
  }
  return restartsAtMs.slice(first);
}

/** On top of the delay, after so many restarts in a row. */
function backOffMs(row: number): number {
  if (row <= FREE_RESTARTS) return 0;
  return Math.min(BACK_OFF_LIMIT_MS, BACK_OFF_FIRST_MS * 2 ** (row - FREE_RESTARTS - 1));
}
