/** What the user set for moving tasks to where there are fewer, in the units that decisions are made in. */
import type { RebalanceConfig } from "../../../shared/docker-api/swarm-spec.js";
import type { StoreView } from "../../store/core/view.js";

export interface RebalanceRules {
  /** Whether the cluster does it by itself when nodes come back, or only when asked. */
  readonly when: NonNullable<RebalanceConfig["When"]>;
  /** Slots of a service at a time. */
  readonly parallelism: number;
  /**
   * How long a node must have been ready before the cluster moves a task to it by itself, and how
   * long a service is left alone after that.
   */
  readonly coolDownMs: number;
}

const NS_PER_MS = 1e6;

/** Where no cluster object says otherwise. */
const DEFAULTS = { When: "on-request", Parallelism: 1, CoolDown: 60_000 * NS_PER_MS } as const;

export function rebalanceRules(view: StoreView): RebalanceRules {
  const config = { ...DEFAULTS, ...view.cluster()?.spec.Orchestration?.Rebalance };
  return {
    when: config.When,
    parallelism: config.Parallelism,
    coolDownMs: config.CoolDown / NS_PER_MS,
  };
}
