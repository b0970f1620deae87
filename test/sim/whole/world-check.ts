/**
 * DESIGN 5, point 5, in the world: what is no longer wanted is gone from every host within a while
 * of its being in reach; and what replaces a task stop-first starts only when that one has ended.
 * A task counts as running only once its container was healthy, and what falls ill is stopped.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import type { SimulatedEngine } from "../simulated-engine.js";
import { type Check, type Ground, placeOf } from "./ground.js";
import { isServing } from "./names-check.js";

/** DESIGN's 10 s, beyond what the task may take to end. */
const SURPLUS_GONE_MS = 10_000;
/** From its failing check until the store knows: names leave it out within a second. */
const ILL_TOLD_MS = 500;
/** From its failing check until a container is stopped, beyond its grace period. */
const ILL_STOPPED_MS = 3_000;
const NS_PER_MS = 1e6;
/** A plan is made on what was so a little before it is committed. */
const DECIDED_MS = 60;
/** A successor is started this long after its predecessor's grace period, whatever that does. */
const PATIENCE_MS = 60_000;

export class WorldCheck implements Check {
  readonly points = "5";
  readonly #ground: Ground;
  /** What it replaced stop-first. */
  readonly #predecessors = new Map<TaskId, Task>();
  readonly #wasUp = new Set<TaskId>();
  readonly #graceMs = new Map<TaskId, number>();
  readonly #illSinceMs = new Map<TaskId, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
    for (const { engine } of ground.workers) {
      const { onStarted } = engine;
      engine.onStarted = (taskId) => {
        onStarted(taskId);
        this.#starts(taskId);
      };
      engine.onHealthy = (taskId) => this.#wasUp.add(taskId);
    }
  }

  committed(events: readonly StoreEvent[]): void {
    const given = new Map<string, Task>();
    for (const event of events) {
      if (event.type !== "task") continue;
      const { before, after } = event;
      if (before !== undefined && after !== undefined) {
        if (isWanted(before.desired) && after.desired === "shutdown") {
          given.set(placeOf(after), after);
        }
        if (before.status.state !== "running" && after.status.state === "running") {
          this.#runs(after);
        }
      }
    }
    for (const event of events) {
      if (event.type !== "task" || event.before !== undefined || !event.after) continue;
      const { after: made } = event;
      this.#rememberGrace(made);
      const old = given.get(placeOf(made));
      if (old !== undefined) this.#predecessors.set(made.id, old);
    }
  }

  #rememberGrace({ id, serviceId, revision }: Task): void {
    const template = this.#ground.view.revision(serviceId, revision)?.template;
    this.#graceMs.set(id, (template?.ContainerSpec?.StopGracePeriod ?? 0) / NS_PER_MS);
  }

  #runs({ id }: Task): void {
    if (this.#wasUp.has(id)) return;
    this.#ground.violated("a task runs once its container is healthy", `${id} never was`);
  }

  #starts(taskId: TaskId): void {
    const old = this.#predecessors.get(taskId);
    const made = this.#ground.tasks.get(taskId);
    if (old === undefined || made === undefined || !this.#ground.runs(old)) return;
    const { nodeId } = old;
    if (nodeId === undefined || !this.#ground.isInReach(nodeId)) return;
    const sinceMs = this.#ground.nowMs - made.createdMs;
    // A host that was lost, even for a moment, was not waited for.
    if (this.#ground.nodeUnchangedForMs(nodeId) <= sinceMs + DECIDED_MS) return;
    if (sinceMs > PATIENCE_MS + (this.#graceMs.get(old.id) ?? 0)) return;
    const detail = `${taskId} starts at ${placeOf(made.task)}, and ${old.id} runs on ${nodeId}`;
    this.#ground.violated("stop-first, a slot does not run twice", detail);
  }

  tick(): void {
    for (const { nodeId, name, engine } of this.#ground.workers) {
      const soundMs = this.#ground.soundForMs(nodeId);
      this.#stopsTheIll(name, engine, soundMs);
      if (soundMs < SURPLUS_GONE_MS) continue;
      for (const taskId of engine.present()) {
        if (engine.truth(taskId).kind !== "running") continue;
        const { unwantedMs } = this.#ground.tasks.get(taskId) ?? { unwantedMs: 0 };
        if (unwantedMs === undefined) continue;
        const forMs = Math.min(soundMs, this.#ground.nowMs - unwantedMs);
        const limitMs = SURPLUS_GONE_MS + (this.#graceMs.get(taskId) ?? 0);
        if (forMs < limitMs) continue;
        const detail = `${name} still runs ${taskId}, unwanted for ${forMs} ms`;
        this.#ground.violated("what is not wanted is gone in time", detail);
      }
    }
  }

  #stopsTheIll(name: string, engine: SimulatedEngine, soundMs: number): void {
    const { nowMs } = this.#ground;
    for (const taskId of engine.present()) {
      const truth = engine.truth(taskId);
      if (truth.kind !== "running" || truth.health !== "unhealthy") continue;
      const sinceMs = this.#illSinceMs.get(taskId) ?? nowMs;
      this.#illSinceMs.set(taskId, sinceMs);
      const forMs = Math.min(soundMs, nowMs - sinceMs);
      const task = this.#ground.tasks.get(taskId)?.task;
      if (forMs >= ILL_TOLD_MS && isServing(task)) {
        const detail = `${taskId} on ${name} has been unhealthy for ${forMs} ms, and counts as well`;
        this.#ground.violated("what is ill is told at once", detail);
      }
      if (forMs < ILL_STOPPED_MS + (this.#graceMs.get(taskId) ?? 0)) continue;
      const detail = `${name} runs ${taskId}, unhealthy for ${forMs} ms`;
      this.#ground.violated("what is ill is stopped", detail);
    }
  }
}
