/**
 * What the user set for a rolling update, in the units that decisions are made in. A rollback has
 * settings of its own.
 */
import type { RollbackConfig, UpdateConfig } from "../../../shared/docker-api/service-spec.js";
import type { Service, UpdateProgress } from "../../../shared/model/service.js";

export interface UpdateRules {
  /** Slots at a time. */
  readonly parallelism: number;
  /** How long a slot's place among these stays taken once its new task runs. */
  readonly delayMs: number;
  /** How long a new task has to run to be no failure of the update. */
  readonly monitorMs: number;
  /** Of the slots that the update touches, from 0 to 1. */
  readonly maxFailureRatio: number;
  readonly failureAction: NonNullable<UpdateConfig["FailureAction"]>;
  readonly order: NonNullable<UpdateConfig["Order"]>;
}

const NS_PER_MS = 1e6;

export function rulesOf({ frame, update }: Service): UpdateRules {
  const config: UpdateConfig | RollbackConfig =
    (isRollback(update) ? frame.RollbackConfig : frame.UpdateConfig) ?? {};
  const { Parallelism: parallelism = 0 } = config;
  return {
    parallelism: parallelism === 0 ? Number.MAX_SAFE_INTEGER : parallelism,
    delayMs: (config.Delay ?? 0) / NS_PER_MS,
    monitorMs: (config.Monitor ?? 0) / NS_PER_MS,
    maxFailureRatio: config.MaxFailureRatio ?? 0,
    failureAction: config.FailureAction ?? "pause",
    order: config.Order ?? "stop-first",
  };
}

export function isRollback(update: UpdateProgress | undefined): boolean {
  return update !== undefined && update.state.startsWith("rollback_");
}

/** Something is still to be done for it, or watched. */
export function isUnderWay(update: UpdateProgress | undefined): update is UpdateProgress {
  return update?.state === "updating" || update?.state === "rollback_started";
}

/** Nothing is replaced until the user says something. */
export function isPaused(update: UpdateProgress | undefined): boolean {
  return update?.state === "paused" || update?.state === "rollback_paused";
}
