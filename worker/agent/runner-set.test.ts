import { expect, test } from "vitest";

import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Task } from "../../shared/model/task.js";
import {
  type DesiredState,
  isTerminal,
  isWanted,
  mayFollow,
  type ObservedState,
} from "../../shared/model/task-state.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { type Random, seededRandom } from "../../shared/ports/random.js";
import { SimulatedEngine } from "../../test/sim/simulated-engine.js";
import { RunnerSet } from "./runner-set.js";
import { StatusBook } from "./status-book.js";

const SERVICE = "web" as ServiceId;
const TEMPLATE: TaskTemplate = {
  serviceId: SERVICE,
  revision: 1,
  serviceName: "web",
  serviceLabels: {},
  template: {},
};
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const STEPS = 60;
const NEVER = new AbortController().signal;
/** Longer than any back-off and any act: after it, all is done that will be. */
const QUIET_MS = 20_000;

type Order = DesiredState | "gone";

/** Runners on a simulated engine, with everything that happens to them chosen from a seed. */
class World {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly engine: SimulatedEngine;
  readonly orders = new Map<TaskId, Order>();
  readonly heard = new Map<TaskId, ObservedState[]>();
  /** Tasks of which the world, not the agent, ended or took the container. */
  readonly meddledWith = new Set<TaskId>();
  readonly book: StatusBook;
  readonly runners: RunnerSet;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[];
  #made = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const faults = { lostAnswersPerMille: 100, refusalsPerMille: 30 };
    this.engine = new SimulatedEngine(this.clock, this.random.fork("engine"), faults);
    this.book = new StatusBook(() => {
      this.#listen();
    });
    const ports = { engine: this.engine, clock: this.clock, logger: silentLogger };
    this.runners = new RunnerSet({ ...ports, random: this.random.fork("runners") }, this.book);
    const { signal } = this.#stop;
    this.#running = [this.runners.run(signal), this.#follow(signal)];
    this.runners.release();
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#somethingHappens();
      await this.clock.advance(this.random.below(80));
    }
  }

  /** No more faults: whatever was ordered last must come about. */
  async heal(): Promise<void> {
    this.engine.faults = { lostAnswersPerMille: 0, refusalsPerMille: 0 };
    this.engine.comeBack();
    await this.clock.advance(QUIET_MS);
  }

  async end(): Promise<void> {
    this.#stop.abort(new Error("the daemon is stopped"));
    await this.clock.advance(QUIET_MS);
    await Promise.all(this.#running);
  }

  #somethingHappens(): void {
    const known = [...this.orders.keys()];
    const one = known[this.random.below(Math.max(1, known.length))];
    const what = this.random.below(10);
    if (what < 3 || one === undefined) this.#newTask();
    else if (what < 6) this.#orderAnew(one);
    else if (what === 6) this.#meddle(one, () => this.engine.end(one, this.random.below(3)));
    else if (what === 7) this.#meddle(one, () => this.engine.feel(one, "unhealthy"));
    else if (what === 8) this.#meddle(one, () => this.engine.vanish(one));
    else if (this.engine.presence === "away") this.engine.comeBack();
    else this.engine.goAway();
  }

  #meddle(one: TaskId, how: () => void): void {
    this.meddledWith.add(one);
    how();
  }

  #newTask(): void {
    const taskId = `t${this.#made++}` as TaskId;
    this.#order(taskId, this.random.below(3) === 0 ? "ready" : "running");
  }

  /** As the managers do: desired states only go forward, and a task that is gone stays gone. */
  #orderAnew(taskId: TaskId): void {
    const before = this.orders.get(taskId);
    if (before === "gone") return;
    const choices: Order[] =
      before === "ready" ? ["running", "shutdown", "gone"] : ["shutdown", "remove", "gone"];
    this.#order(taskId, choices[this.random.below(choices.length)] ?? "gone");
  }

  #order(taskId: TaskId, order: Order): void {
    this.orders.set(taskId, order);
    if (order === "gone") {
      this.runners.unassign(taskId);
      return;
    }
    const task: Task = {
      id: taskId,
      version: 1,
      createdAtMs: 0,
      updatedAtMs: 0,
      serviceId: SERVICE,
      revision: 1,
      slot: 1,
      desired: order,
      status: { state: "assigned", atMs: 0, message: "" },
    };
    this.book.learn(taskId, task.status);
    this.runners.assign({ task, template: TEMPLATE });
  }

  #listen(): void {
    for (const { taskId, status } of this.book.toStored()) {
      const states = this.heard.get(taskId) ?? [];
      if (states.at(-1) !== status.state) this.heard.set(taskId, [...states, status.state]);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of this.engine.events(signal)) {
          if (event.kind === "task") this.runners.look(event.taskId);
          else this.runners.found(await this.engine.list(signal));
        }
      } catch {
        await this.clock.sleep(100, NEVER);
      }
    }
  }
}

test.each(SEEDS)("runners hold their promises in a hostile world (seed %i)", async (seed) => {
  const world = new World(seed);
  await world.run(STEPS);
  await world.heal();

  for (const [taskId, states] of world.heard) {
    states.reduce((before, now) => {
      expect(mayFollow(now, before), `${taskId}: ${states.join(" ")}`).toBe(true);
      return now;
    });
  }
  for (const [taskId, order] of world.orders) {
    const truth = world.engine.truth(taskId).kind;
    const state = world.book.current(taskId)?.state;
    const what = `${taskId}, ordered ${order}, reported ${state}, is ${truth}`;
    if (order === "gone") expect(truth, what).toBe("absent");
    else if (!isWanted(order)) expect(truth === "running" || !isTerminal(state!), what).toBe(false);
    else if (isTerminal(state!)) expect(truth, what).not.toBe("running");
    else
      expect(`${state} ${truth}`, what).toBe(
        order === "ready" ? "ready created" : "running running",
      );
  }
  await world.end();
});

test.each(SEEDS)("no task is stopped without a cause (seed %i)", async (seed) => {
  const world = new World(seed);
  await world.run(STEPS);
  await world.heal();
  const stopped = world.engine.acts.filter(({ kind }) => kind === "stop");
  for (const { taskId } of stopped) {
    const order = world.orders.get(taskId) ?? "gone";
    const ordered = order === "gone" || !isWanted(order);
    expect(ordered || world.meddledWith.has(taskId), taskId).toBe(true);
  }
  await world.end();
});

test("when the daemon stops, every task is left as it is", async () => {
  const world = new World(1);
  await world.run(STEPS);
  await world.heal();
  const before = world.engine.present().map((taskId) => world.engine.truth(taskId));
  const acts = world.engine.acts.length;
  await world.end();
  expect(world.engine.present().map((taskId) => world.engine.truth(taskId))).toEqual(before);
  expect(world.engine.acts.length).toBe(acts);
});
