/** What the options of `settings` make of the cluster's spec, in the words of the flags of `swarm update`. */
import { mergeSwarmSpec } from "../../shared/docker-api/defaults.js";
import type { SwarmSpec } from "../../shared/docker-api/swarm-spec.js";
import { nanoseconds } from "./durations.js";

type Orchestration = NonNullable<SwarmSpec["Orchestration"]>;

const SETTINGS: Readonly<Record<string, (value: string) => Orchestration>> = {
  "avoid-failures": (value) => ({ NodeAvoidance: { Failures: Number(value) } }),
  "avoid-within": (value) => ({ NodeAvoidance: { Within: nanoseconds(value) } }),
  "back-off-first": (value) => ({ RestartBackOff: { First: nanoseconds(value) } }),
  "back-off-free": (value) => ({ RestartBackOff: { FreeRestarts: Number(value) } }),
  "back-off-limit": (value) => ({ RestartBackOff: { Limit: nanoseconds(value) } }),
  "orphan-after": (value) => ({ OrphanAfter: nanoseconds(value) }),
  "stop-patience": (value) => ({ StopPatience: nanoseconds(value) }),
  "task-history-limit": (value) => ({ TaskHistoryRetentionLimit: Number(value) }),
};

export function editCluster(spec: SwarmSpec, options: Readonly<Record<string, string>>): SwarmSpec {
  return Object.entries(options).reduce((edited, [name, value]) => {
    const setting = SETTINGS[name];
    if (setting === undefined) throw new Error(`no such setting: ${name}`);
    return mergeSwarmSpec(edited, { Orchestration: setting(value) });
  }, spec);
}
