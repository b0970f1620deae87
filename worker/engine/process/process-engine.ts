/**
 * Runs tasks as plain process groups on the host, so that a machine without a container
 * engine can try a cluster: no isolation, no images, no limits. What is known of a task is in
 * its folder and in the kernel, never in memory alone: a second engine on the same folder
 * sees and stops the same tasks.
 */
import { once } from "node:events";
import { availableParallelism, constants, hostname, totalmem } from "node:os";
import { join } from "node:path";

import type { ContainerSpec } from "../../../shared/docker-api/container-spec.js";
import type { NodeDescription } from "../../../shared/docker-api/node-spec.js";
import type { TaskId } from "../../../shared/model/ids.js";
import type { Clock } from "../../../shared/ports/clock.js";
import { describeNetwork, unavailable } from "../../network/core/network-capability.js";
import { genericEnvironment } from "../core/generic-environment.js";
import { ABSENT, type TaskObservation } from "../core/observation.js";
import type { Engine, EngineEvent, EngineIdentity, StopOptions, TaskRun } from "../engine.js";
import { TaskRefusedError } from "../engine-errors.js";
import { placeholderValues } from "../placeholder-values.js";
import { planLaunch } from "./core/launch-plan.js";
import { refusing, waiting } from "./host-errors.js";
import { isAlive, type ProcessIdentity, signalGroup } from "./process-identity.js";
import { listTaskFolders, TaskFolder, WORK_DIR } from "./task-folder.js";
import { resolveUser } from "./user.js";
import { spawnWrapper } from "./wrapper.js";

/** Of a task's output, its newest is kept: enough to see why it failed. */
const OUTPUT_BYTES = 8 * 1024 * 1024;
/** How often outputs are bounded and processes of an earlier daemon are looked at. */
const TICK_MS = 500;
/**
 * How often a process that should end is looked at; only adopted ones do not tell us themselves.
 */
const END_POLL_MS = 20;
/** A shell that has not come to its command in this time hangs, and is signalled all the same. */
const BEGIN_LIMIT_MS = 1000;
const KILLED_EXIT_CODE = 128 + 9;
const NO_NETWORKS = unavailable("tasks are plain processes, in the network of the host");

export interface ProcessEngineOptions {
  readonly identity: EngineIdentity;
  /** Where tasks have their folders. */
  readonly root: string;
  readonly clock: Clock;
  readonly outputBytes?: number;
}

export class ProcessEngine implements Engine {
  readonly #identity: EngineIdentity;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #outputBytes: number;
  /** Our own children that run: their end comes as an event. */
  readonly #children = new Set<TaskId>();
  /** Of an earlier daemon, seen running: their end must be looked for. */
  readonly #adopted = new Set<TaskId>();
  readonly #ended = new Set<TaskId>();
  #wake: () => void = () => undefined;

  constructor(options: ProcessEngineOptions) {
    const { clusterId, nodeId } = options.identity;
    this.#identity = options.identity;
    this.#root = join(options.root, `${clusterId}.${nodeId}`);
    this.#clock = options.clock;
    this.#outputBytes = options.outputBytes ?? OUTPUT_BYTES;
  }

  /** The kernel. */
  ping(): Promise<void> {
    return Promise.resolve();
  }

  describe(): Promise<NodeDescription> {
    const description = {
      Hostname: hostname(),
      Platform: { Architecture: MACHINES[process.arch] ?? process.arch, OS: process.platform },
      Resources: { NanoCPUs: availableParallelism() * 1e9, MemoryBytes: totalmem() },
      Engine: { EngineVersion: "process" },
    };
    return Promise.resolve(describeNetwork(description, NO_NETWORKS));
  }

  prepare(run: TaskRun): Promise<TaskObservation> {
    return refusing(this.#prepare(run));
  }

  start(taskId: TaskId): Promise<TaskObservation> {
    return refusing(this.#start(taskId));
  }

  observe(taskId: TaskId): Promise<TaskObservation> {
    return waiting(this.#observe(taskId));
  }

  stop(taskId: TaskId, options: StopOptions, signal: AbortSignal): Promise<TaskObservation> {
    return waiting(this.#stop(taskId, options, signal));
  }

  remove(taskId: TaskId, signal: AbortSignal): Promise<void> {
    return waiting(this.#remove(taskId, signal));
  }

  list(): Promise<readonly TaskId[]> {
    return waiting(listTaskFolders(this.#root));
  }

  async *events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    yield { kind: "resync" };
    while (!signal.aborted) {
      await this.#nextTick(signal);
      await waiting(this.#lookAfterRunning());
      const ended = [...this.#ended];
      this.#ended.clear();
      for (const taskId of ended) yield { kind: "task", taskId };
    }
  }

  async #prepare(run: TaskRun): Promise<TaskObservation> {
    const folder = this.#folder(run.taskId);
    if ((await folder.readTask()) === undefined) {
      const spec = run.template.template.ContainerSpec ?? {};
      const { StopSignal: stopSignal = "" } = spec;
      if (stopSignal !== "" && signalNamed(stopSignal) === undefined) {
        throw new TaskRefusedError(`Invalid signal: ${stopSignal}`);
      }
      const { Platform } = await this.describe();
      const values = placeholderValues(run, this.#identity, Platform ?? {});
      const plan = planLaunch(withGenerics(spec, run), values);
      const owner = plan.user === undefined ? undefined : await resolveUser(plan.user);
      await folder.create({ plan, ...(owner === undefined ? {} : { owner }) });
    }
    return this.observe(run.taskId);
  }

  async #start(taskId: TaskId): Promise<TaskObservation> {
    const folder = this.#folder(taskId);
    const task = await folder.readTask();
    if (task === undefined) throw new TaskRefusedError(`task ${taskId} was never prepared`);
    if ((await folder.readIdentity()) !== undefined) return this.observe(taskId);
    const output = await folder.openOutput();
    try {
      const child = spawnWrapper({
        folder: folder.path,
        argv: task.plan.argv,
        env: task.plan.env,
        dir: task.plan.dir ?? WORK_DIR,
        outputFd: output.fd,
        ...(task.owner === undefined ? {} : { owner: task.owner }),
      });
      this.#children.add(taskId);
      child.once("exit", () => {
        this.#children.delete(taskId);
        this.#announce(taskId);
      });
      await once(child, "spawn");
    } catch (cause) {
      this.#children.delete(taskId);
      const { message } = cause as Error;
      throw new TaskRefusedError(`starting process failed: ${message}`, { cause });
    } finally {
      await output.close();
    }
    return this.observe(taskId);
  }

  async #observe(taskId: TaskId): Promise<TaskObservation> {
    const folder = this.#folder(taskId);
    if ((await folder.readTask()) === undefined) return ABSENT;
    const containerId = taskId;
    const identity = await this.#identityOf(taskId, folder);
    const exitCode = await folder.readExitCode();
    if (exitCode !== undefined) return { kind: "exited", containerId, exitCode, health: "none" };
    if (identity === undefined) return { kind: "created", containerId };
    if (await isAlive(identity)) {
      if (!this.#children.has(taskId)) this.#adopted.add(taskId);
      return { kind: "running", containerId, pid: identity.pid, health: "none", ports: [] };
    }
    // It may have ended between the two looks.
    const late = await folder.readExitCode();
    if (late !== undefined) return { kind: "exited", containerId, exitCode: late, health: "none" };
    const reason = "it ended without leaving an exit code: killed, or the host was restarted";
    return { kind: "exited", containerId, exitCode: KILLED_EXIT_CODE, health: "none", reason };
  }

  async #stop(taskId: TaskId, options: StopOptions, signal: AbortSignal): Promise<TaskObservation> {
    const folder = this.#folder(taskId);
    const observed = await this.observe(taskId);
    const identity = await folder.readIdentity();
    if (observed.kind !== "running" || identity === undefined) return observed;
    const stopSignal = signalNamed(options.stopSignal ?? "") ?? "SIGTERM";
    const runs = (): Promise<boolean> => lives(identity, folder);
    const begins = async (): Promise<boolean> => (await runs()) && !(await folder.hasBegun());
    await this.#waitWhile(begins, BEGIN_LIMIT_MS, signal);
    await signalGroup(identity, stopSignal);
    if (!(await this.#waitWhile(runs, options.graceMs, signal))) {
      await this.#kill(identity, folder, signal);
    }
    return this.observe(taskId);
  }

  async #remove(taskId: TaskId, signal: AbortSignal): Promise<void> {
    const folder = this.#folder(taskId);
    const identity = await folder.readIdentity();
    if (identity !== undefined && (await isAlive(identity))) {
      await this.#kill(identity, folder, signal);
    }
    this.#adopted.delete(taskId);
    await folder.remove();
  }

  /** Until something ended, the tick is over, or `signal` aborts. */
  #nextTick(signal: AbortSignal): Promise<void> {
    if (this.#ended.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = this.#clock.after(TICK_MS, wake);
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }

  async #lookAfterRunning(): Promise<void> {
    for (const taskId of this.#adopted) {
      const observed = await this.observe(taskId);
      if (observed.kind === "running") continue;
      this.#adopted.delete(taskId);
      this.#ended.add(taskId);
    }
    for (const taskId of [...this.#children, ...this.#adopted]) {
      await this.#folder(taskId).boundOutput(this.#outputBytes);
    }
  }

  async #kill(identity: ProcessIdentity, folder: TaskFolder, signal: AbortSignal): Promise<void> {
    await signalGroup(identity, "SIGKILL");
    // The wrapper dies with its group, so nobody else can leave the code.
    await this.#waitWhile(() => lives(identity, folder), Infinity, signal);
    if ((await folder.readExitCode()) === undefined) await folder.writeExitCode(KILLED_EXIT_CODE);
  }

  /** @returns whether `holds` came to an end within the time. */
  async #waitWhile(
    holds: () => Promise<boolean>,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const untilMs = this.#clock.nowMs() + withinMs;
    while (await holds()) {
      const leftMs = untilMs - this.#clock.nowMs();
      if (leftMs <= 0) return false;
      await this.#clock.sleep(Math.min(END_POLL_MS, leftMs), signal);
    }
    return true;
  }

  /** A wrapper that was just started has yet to write who it is; it does so within milliseconds. */
  async #identityOf(taskId: TaskId, folder: TaskFolder): Promise<ProcessIdentity | undefined> {
    for (;;) {
      const identity = await folder.readIdentity();
      if (identity !== undefined || !this.#children.has(taskId)) return identity;
      await this.#clock.sleep(1, NEVER_ABORTED);
    }
  }

  #announce(taskId: TaskId): void {
    this.#ended.add(taskId);
    this.#wake();
  }

  #folder(taskId: TaskId): TaskFolder {
    return new TaskFolder(this.#root, taskId);
  }
}

/** `uname -m`'s words, which Docker uses here. */
const MACHINES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** For waits of milliseconds that must come to their end. */
const NEVER_ABORTED = new AbortController().signal;

async function lives(identity: ProcessIdentity, folder: TaskFolder): Promise<boolean> {
  return (await folder.readExitCode()) === undefined && (await isAlive(identity));
}

/** @param name `SIGTERM`, `TERM` or its number, as Docker takes them. */
function signalNamed(name: string): NodeJS.Signals | undefined {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const wanted = name.toUpperCase();
  return names.find(
    (known) =>
      known === wanted || known === `SIG${wanted}` || String(constants.signals[known]) === wanted,
  );
}

/** What it was given comes last, and wins. */
function withGenerics(spec: ContainerSpec, { generics = [] }: TaskRun): ContainerSpec {
  if (generics.length === 0) return spec;
  return { ...spec, Env: [...(spec.Env ?? []), ...genericEnvironment(generics)] };
}
