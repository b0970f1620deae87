/**
 * An engine in memory, for simulations: every act takes time, may be refused, and its answer may be
 * lost after it took effect, as with an engine that is killed in the middle. The world beneath it
 * is open to the test: containers die, fall ill and vanish when it says so.
 */
import type { NodeDescription } from "../../shared/docker-api/node-spec.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Random } from "../../shared/ports/random.js";
import { ABSENT, type Health, type TaskObservation } from "../../worker/engine/core/observation.js";
import type { Engine, EngineEvent, StopOptions, TaskRun } from "../../worker/engine/engine.js";
import {
  EngineUnavailableError,
  ImageUnavailableError,
  TaskRefusedError,
} from "../../worker/engine/engine-errors.js";
import { type ContainerLife, ORDINARY_LIFE } from "./container-life.js";

/** Longest time that an act takes. */
const ACT_MS = 40;
const PER_MILLE = 1000;

export interface SimulatedFaults {
  /** Of a thousand acts, how many lose their answer after they took effect. */
  readonly lostAnswersPerMille: number;
  /** Of a thousand launches, how many are refused for good. */
  readonly refusalsPerMille: number;
}

export interface Act {
  readonly kind: "prepare" | "start" | "stop" | "remove";
  readonly taskId: TaskId;
}

export class SimulatedEngine implements Engine {
  /** What was carried out, in order. */
  readonly acts: Act[] = [];
  /** Called when one takes effect. */
  onAct: (act: Act) => void = () => undefined;
  faults: SimulatedFaults;
  /** `hung`: it takes what it is asked, and answers once it is there again. */
  presence: "there" | "away" | "hung" = "there";
  /** How the container of a task will fare; asked when it is prepared. */
  lifeOf: (run: TaskRun) => ContainerLife = () => ORDINARY_LIFE;
  /** Called when a container's process begins. */
  onStarted: (taskId: TaskId) => void = () => undefined;
  /** Called when a container runs whose check, where it has one, has passed. */
  onHealthy: (taskId: TaskId) => void = () => undefined;
  /** `full`: nothing can be prepared. */
  disk: "room" | "full" = "room";
  /** What the host offers; told when its engine comes back. */
  description: NodeDescription = {
    Hostname: "simulated",
    Platform: { OS: "linux", Architecture: "x86_64" },
  };
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tasks = new Map<TaskId, TaskObservation>();
  readonly #lives = new Map<TaskId, ContainerLife>();
  readonly #untold: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent | "gone") => void>();

  constructor(clock: Clock, random: Random, faults: SimulatedFaults) {
    this.#clock = clock;
    this.#random = random;
    this.faults = faults;
  }

  /** What is really there. */
  truth(taskId: TaskId): TaskObservation {
    return this.#tasks.get(taskId) ?? ABSENT;
  }

  present(): TaskId[] {
    return [...this.#tasks.keys()];
  }

  /** Its process ends by itself, or is killed by hand. */
  end(taskId: TaskId, exitCode: number): void {
    const now = this.truth(taskId);
    if (now.kind !== "running") return;
    const { containerId, health } = now;
    this.#become(taskId, { kind: "exited", containerId, exitCode, health });
  }

  feel(taskId: TaskId, health: Health): void {
    const now = this.truth(taskId);
    if (now.kind !== "running") return;
    // An engine gives up on a container that has failed its check.
    if (now.health === "unhealthy") return;
    if (health === "healthy") this.onHealthy(taskId);
    this.#become(taskId, { ...now, health });
  }

  /** Removed by hand. */
  vanish(taskId: TaskId): void {
    if (this.#tasks.delete(taskId)) this.#tell({ kind: "task", taskId });
  }

  goAway(): void {
    this.presence = "away";
    this.#tell("gone");
  }

  hang(): void {
    this.presence = "hung";
  }

  comeBack(): void {
    this.presence = "there";
    for (const event of this.#untold.splice(0)) this.#tell(event);
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#answer(signal);
  }

  async describe(signal: AbortSignal): Promise<NodeDescription> {
    await this.#answer(signal);
    return this.description;
  }

  async prepare(run: TaskRun, signal: AbortSignal): Promise<TaskObservation> {
    const { taskId } = run;
    const life = this.lifeOf(run);
    if (life.prepareMs > 0) await this.#clock.sleep(life.prepareMs, signal);
    return await this.#act({ kind: "prepare", taskId }, signal, () => {
      if (this.truth(taskId).kind !== "absent") return;
      if (life.image === "missing") throw new ImageUnavailableError("simulated");
      if (this.disk === "full") throw new TaskRefusedError("no space left on device");
      this.#lives.set(taskId, life);
      this.#tasks.set(taskId, { kind: "created", containerId: taskId });
    });
  }

  async start(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation> {
    const { startMs } = this.#lifeOf(taskId);
    if (startMs > 0) await this.#clock.sleep(startMs, signal);
    return await this.#act({ kind: "start", taskId }, signal, () => {
      if (this.truth(taskId).kind === "created") this.#begin(taskId);
    });
  }

  #begin(taskId: TaskId): void {
    const { healthy, sickAfterMs, endsAfterMs, exitCode } = this.#lifeOf(taskId);
    const running = { kind: "running", containerId: taskId, pid: 1, ports: [] } as const;
    this.#tasks.set(taskId, { ...running, health: healthy === "at-once" ? "none" : "starting" });
    this.onStarted(taskId);
    if (healthy === "at-once") this.onHealthy(taskId);
    if (typeof healthy !== "string") {
      this.#clock.after(healthy.afterMs, () => this.feel(taskId, "healthy"));
    }
    if (sickAfterMs !== undefined) {
      this.#clock.after(sickAfterMs, () => this.feel(taskId, "unhealthy"));
    }
    if (endsAfterMs !== undefined) this.#clock.after(endsAfterMs, () => this.end(taskId, exitCode));
  }

  #lifeOf(taskId: TaskId): ContainerLife {
    return this.#lives.get(taskId) ?? ORDINARY_LIFE;
  }

  async observe(taskId: TaskId, signal: AbortSignal): Promise<TaskObservation> {
    await this.#answer(signal);
    return this.truth(taskId);
  }

  async stop(
    taskId: TaskId,
    { graceMs }: StopOptions,
    signal: AbortSignal,
  ): Promise<TaskObservation> {
    const stopMs = Math.min(graceMs, this.#lifeOf(taskId).stopMs);
    const isRunning = this.truth(taskId).kind === "running";
    if (isRunning && stopMs > 0) await this.#clock.sleep(stopMs, signal);
    return await this.#act({ kind: "stop", taskId }, signal, () => {
      this.end(taskId, 143);
    });
  }

  async remove(taskId: TaskId, signal: AbortSignal): Promise<void> {
    await this.#act({ kind: "remove", taskId }, signal, () => {
      this.#tasks.delete(taskId);
    });
  }

  async list(signal: AbortSignal): Promise<readonly TaskId[]> {
    await this.#answer(signal);
    return this.present();
  }

  async *events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    await this.#answer(signal);
    const queue: (EngineEvent | "gone")[] = [{ kind: "resync" }];
    let wake: () => void = () => undefined;
    const listener = (event: EngineEvent | "gone"): void => {
      queue.push(event);
      wake();
    };
    const abort = (): void => {
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event === "gone") throw new EngineUnavailableError("the engine went away");
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", abort);
    }
  }

  async #act(act: Act, signal: AbortSignal, effect: () => void): Promise<TaskObservation> {
    await this.#answer(signal);
    const launch = act.kind === "prepare" || act.kind === "start";
    if (launch && this.#happens(this.faults.refusalsPerMille)) {
      throw new TaskRefusedError(`simulated: ${act.kind} refused`);
    }
    effect();
    this.acts.push(act);
    this.onAct(act);
    const lost = this.#happens(this.faults.lostAnswersPerMille);
    await this.#answer(signal);
    if (lost) throw new EngineUnavailableError("simulated: the answer was lost");
    return this.truth(act.taskId);
  }

  async #answer(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.#random.below(ACT_MS), signal);
    while (this.presence === "hung") await this.#clock.sleep(ACT_MS, signal);
    if (this.presence === "away") throw new EngineUnavailableError("simulated: engine away");
  }

  #happens(perMille: number): boolean {
    return this.#random.below(PER_MILLE) < perMille;
  }

  #become(taskId: TaskId, observed: TaskObservation): void {
    this.#tasks.set(taskId, observed);
    this.#tell({ kind: "task", taskId });
  }

  /** An engine that is away tells nobody; one that hangs tells it later. */
  #tell(event: EngineEvent | "gone"): void {
    if (event === "gone") this.#untold.length = 0;
    else if (this.presence === "hung") this.#untold.push(event);
    if (this.presence !== "there" && event !== "gone") return;
    for (const listener of this.#listeners) listener(event);
  }
}
