/**
 * One rolling update of a service, asked for through the API that Skep and Docker's Swarm mode share, and timed by the
 * engines' own events.
 */
import type { ServiceSpec } from "../../shared/docker-api/service-spec.js";
import { assert } from "../../shared/errors/assert.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import type { EngineCalls } from "../engine-calls.js";
import type { HostContainers } from "../host-containers.js";
import { RUN_LABEL } from "../start-events.js";

const REPLICAS = 30;
const PARALLELISM = 10;
const MONITOR_NS = 1e9;
/** What takes longer has failed. */
const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 20;

export const OLD_IMAGE = "skep/busybox:1";
export const NEW_IMAGE = "skep/busybox:2";

export interface UpdateRound {
  /** From the request to the end of the last old container and the start of the last new one. */
  readonly replacedS: number;
  /** From the request to the service's own word that the update is completed: the monitor period is in it. */
  readonly completedS: number;
}

interface SeenService {
  readonly Version: { readonly Index: number };
  readonly Spec: ServiceSpec;
  readonly UpdateStatus?: { readonly State: string };
}

export class RollingUpdate {
  readonly #api: EngineCalls;
  readonly #containers: HostContainers;
  readonly #run: string;

  /** @param containers those of `run`, of which there are none yet */
  constructor(api: EngineCalls, containers: HostContainers, run: string) {
    this.#api = api;
    this.#containers = containers;
    this.#run = run;
  }

  async measure(): Promise<UpdateRound> {
    await this.#api.call("POST", "/services/create", serviceSpec(this.#run));
    await this.#until(() => this.#runs(OLD_IMAGE));
    await this.#untilTold();
    const before = await this.#service();
    const path = `/services/${this.#run}/update?version=${before.Version.Index}`;
    const beganAtMs = systemClock.wallMs();
    await this.#api.call("POST", path, withImage(before.Spec, NEW_IMAGE));
    await this.#until(() => this.#runs(NEW_IMAGE));
    const replacedAtMs = this.#lastChangeAtMs();
    // Not asked before: what has a manager answer questions all the time is another benchmark.
    const completedAtMs = await this.#completed();
    assert(this.#runs(NEW_IMAGE), "what was brought up stays up");
    return {
      replacedS: (replacedAtMs - beganAtMs) / 1000,
      completedS: (completedAtMs - beganAtMs) / 1000,
    };
  }

  /** Resolves once nothing is left of it. */
  async remove(): Promise<void> {
    await this.#api.call("DELETE", `/services/${this.#run}`);
    await this.#until(() => this.#containers.running.length === 0);
  }

  /** All replicas run this image, and nothing else runs. */
  #runs(image: string): boolean {
    const { running } = this.#containers;
    return running.length === REPLICAS && running.every((one) => one.image === image);
  }

  #lastChangeAtMs(): number {
    const starts = this.#containers.running.map(({ startedAtMs }) => startedAtMs);
    return Math.max(...starts, this.#containers.lastEndAtMs);
  }

  /** Its manager knows, too, that all run: an update of what is still coming up is another matter. */
  async #untilTold(): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ service: [this.#run] }));
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const path = `/tasks?filters=${filters}`;
      const tasks = await this.#api.call<{ Status: { State: string } }[]>("GET", path);
      if (tasks.filter(({ Status }) => Status.State === "running").length === REPLICAS) return;
      await systemClock.sleep(LOOK_EVERY_MS, limit);
    }
  }

  /** @returns when the service said so (wall clock, ms). */
  async #completed(): Promise<number> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const { UpdateStatus } = await this.#service();
      if (UpdateStatus?.State === "completed") return systemClock.wallMs();
      // Neither is there a word of it before its manager has begun.
      const { State: state = "updating" } = UpdateStatus ?? {};
      assert(state === "updating", `the update is ${state}`);
      await systemClock.sleep(LOOK_EVERY_MS, limit);
    }
  }

  #service(): Promise<SeenService> {
    return this.#api.call("GET", `/services/${this.#run}`);
  }

  #until(holds: () => boolean): Promise<void> {
    return this.#containers.until(holds, AbortSignal.timeout(LIMIT_MS));
  }
}

function serviceSpec(run: string): ServiceSpec {
  return {
    Name: run,
    TaskTemplate: {
      ContainerSpec: {
        Image: OLD_IMAGE,
        Command: ["sleep", "10000"],
        Labels: { [RUN_LABEL]: run },
        // `sleep` as a container's first process ignores SIGTERM; nobody's grace is measured here.
        StopSignal: "SIGKILL",
      },
    },
    Mode: { Replicated: { Replicas: REPLICAS } },
    UpdateConfig: { Parallelism: PARALLELISM, Monitor: MONITOR_NS },
  };
}

function withImage(spec: ServiceSpec, image: string): ServiceSpec {
  const { TaskTemplate: template = {} } = spec;
  const ContainerSpec = { ...template.ContainerSpec, Image: image };
  return { ...spec, TaskTemplate: { ...template, ContainerSpec } };
}
