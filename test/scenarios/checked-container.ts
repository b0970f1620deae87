/**
 * A container with a health check, as the engine treats it: its check runs once per interval. So
 * many failures in a row as the retries say make it unhealthy, one that passes makes it healthy; and
 * until one has passed, failures within the start period do not count.
 */
import type { HealthConfig } from "../../shared/docker-api/container-spec.js";
import type { TaskObservation } from "../../worker/engine/core/observation.js";

const NS_PER_MS = 1e6;
/** The engine's own, where the service does not say. */
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_RETRIES = 3;

export class CheckedContainer {
  readonly intervalMs: number;
  readonly #startPeriodMs: number;
  readonly #retries: number;
  readonly #startedMs: number;
  /** From its start until its check can pass. */
  readonly #warmUpMs: number;
  /** Whether its check may pass, once it is warm. */
  condition: "well" | "sick" = "well";
  #failures = 0;
  #observed: TaskObservation = {
    kind: "running",
    containerId: "checked",
    pid: 1,
    health: "starting",
    ports: [],
  };

  constructor(config: HealthConfig, { nowMs, warmUpMs }: { nowMs: number; warmUpMs: number }) {
    this.intervalMs = (config.Interval ?? 0) / NS_PER_MS || DEFAULT_INTERVAL_MS;
    this.#startPeriodMs = (config.StartPeriod ?? 0) / NS_PER_MS;
    this.#retries = config.Retries || DEFAULT_RETRIES;
    this.#startedMs = nowMs;
    this.#warmUpMs = warmUpMs;
  }

  get observed(): TaskObservation {
    return this.#observed;
  }

  check(nowMs: number): void {
    if (this.#observed.kind !== "running") return;
    const ageMs = nowMs - this.#startedMs;
    const isSpared = this.#observed.health === "starting" && ageMs < this.#startPeriodMs;
    if (this.condition === "well" && ageMs >= this.#warmUpMs) {
      this.#failures = 0;
      this.#observed = { ...this.#observed, health: "healthy" };
    } else if (!isSpared) {
      this.#failures += 1;
      if (this.#failures < this.#retries) return;
      this.#observed = { ...this.#observed, health: "unhealthy" };
    }
  }

  end(exitCode: number): void {
    const { observed } = this;
    if (observed.kind !== "running") return;
    const { containerId, health } = observed;
    this.#observed = { kind: "exited", containerId, exitCode, health };
  }
}
