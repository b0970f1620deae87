/**
 * What `service create` was given, as a service's spec; what it was not given
 * is the daemon's to choose.
 */
import type { ContainerSpec, HealthConfig } from "../../../shared/docker-api/container-spec.js";
import type {
  RollbackConfig,
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../../../shared/docker-api/service-spec.js";
import type {
  Placement,
  ResourceRequirements,
  RestartPolicy,
  TaskSpec,
} from "../../../shared/docker-api/task-spec.js";
import { UsageError } from "../../errors.js";
import { normalizeCapability } from "../../flags/container-values.js";
import type { FlagValues } from "../../flags/flag.js";
import { toMap } from "../../flags/key-values.js";
import { present, presentIfAny } from "../../present.js";
import type { CreateFlags } from "./create-flags.js";
import type { HEALTH_FLAGS, SHARED_FLAGS } from "./shared-flags.js";
import { rollbackConfigFrom, updateConfigFrom } from "./update-config.js";

export interface ContainerCommand {
  readonly image: string;
  readonly args: readonly string[];
  /** Of the flags and of the files that they name. */
  readonly variables: string[];
}

/** @throws UsageError flags that contradict each other */
export function specFromFlags(flags: CreateFlags, command: ContainerCommand): ServiceSpec {
  const mode = serviceMode(flags);
  const updates: { UpdateConfig?: UpdateConfig; RollbackConfig?: RollbackConfig } = present({
    UpdateConfig: updateConfigFrom(flags, undefined),
    RollbackConfig: rollbackConfigFrom(flags, undefined),
  });
  const isJob = mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
  if (isJob && Object.keys(updates).length > 0) {
    throw new UsageError("update and rollback configuration is not supported for jobs");
  }
  return {
    ...present({ Name: flags.name, Labels: flags.label && toMap(flags.label) }),
    TaskTemplate: taskSpec(flags, command),
    Mode: mode,
    ...updates,
    EndpointSpec: {
      Mode: endpointMode(flags["endpoint-mode"] ?? "vip"),
      ...present({ Ports: flags.publish }),
    },
  };
}

/** Left to the daemon to judge: it knows the words, and says which they are. */
export function endpointMode(given: string): "vip" | "dnsrr" {
  return given.toLowerCase() as "vip" | "dnsrr";
}

function serviceMode(flags: CreateFlags): ServiceMode {
  const { mode = "replicated", replicas } = flags;
  const concurrent = flags["max-concurrent"];
  if (mode !== "replicated-job" && concurrent !== undefined) {
    throw new UsageError("max-concurrent can only be used with replicated-job mode");
  }
  switch (mode) {
    case "replicated":
      return { Replicated: present({ Replicas: replicas }) };
    case "replicated-job":
      return {
        ReplicatedJob: present({
          MaxConcurrent: concurrent ?? replicas,
          TotalCompletions: replicas,
        }),
      };
    case "global":
    case "global-job":
      if (replicas !== undefined || (flags["replicas-max-per-node"] ?? 0) > 0) {
        const name = replicas === undefined ? "replicas-max-per-node" : "replicas";
        throw new UsageError(`${name} can only be used with replicated or replicated-job mode`);
      }
      return mode === "global" ? { Global: {} } : { GlobalJob: {} };
    default:
      throw new UsageError(
        `unknown mode: ${mode} (use replicated, global, replicated-job or global-job)`,
      );
  }
}

function taskSpec(flags: CreateFlags, command: ContainerCommand): TaskSpec {
  const logDriver = flags["log-driver"];
  return present({
    ContainerSpec: containerSpec(flags, command),
    Resources: resources(flags),
    RestartPolicy: restartPolicyFrom(flags),
    Placement: placement(flags),
    Networks: flags.network,
    LogDriver:
      logDriver === undefined || logDriver === ""
        ? undefined
        : { Name: logDriver, Options: toMap(flags["log-opt"] ?? []) },
  });
}

function containerSpec(flags: CreateFlags, command: ContainerCommand): ContainerSpec {
  const { add, drop } = capabilities(flags["cap-add"] ?? [], flags["cap-drop"] ?? []);
  const credentials = flags["credential-spec"];
  return present({
    Image: command.image,
    Args: command.args.length === 0 ? undefined : [...command.args],
    Command: flags.entrypoint,
    Env: command.variables.length === 0 ? undefined : command.variables,
    Hostname: flags.hostname,
    Labels: flags["container-label"] && toMap(flags["container-label"]),
    Dir: flags.workdir,
    User: flags.user,
    Groups: flags.group,
    StopSignal: flags["stop-signal"],
    TTY: flags.tty,
    ReadOnly: flags["read-only"],
    Init: flags.init,
    Mounts: flags.mount,
    DNSConfig: presentIfAny({
      Nameservers: flags.dns,
      Search: flags["dns-search"],
      Options: flags["dns-option"],
    }),
    Hosts: flags.host,
    StopGracePeriod: flags["stop-grace-period"],
    Healthcheck: healthConfig(flags),
    Isolation: flags.isolation as ContainerSpec["Isolation"] | undefined,
    Sysctls: flags.sysctl && toMap(flags.sysctl),
    CapabilityAdd: add.length === 0 ? undefined : add,
    CapabilityDrop: drop.length === 0 ? undefined : drop,
    Ulimits: flags.ulimit && lastOfEach(flags.ulimit),
    OomScoreAdj: flags["oom-score-adj"],
    Privileges: credentials && { CredentialSpec: credentials },
  });
}

function healthConfig(flags: FlagValues<typeof HEALTH_FLAGS>): HealthConfig | undefined {
  const command = flags["health-cmd"];
  const config = presentIfAny({
    Test: command === undefined || command === "" ? undefined : ["CMD-SHELL", command],
    Interval: flags["health-interval"],
    Timeout: flags["health-timeout"],
    Retries: flags["health-retries"],
    StartPeriod: flags["health-start-period"],
    StartInterval: flags["health-start-interval"],
  });
  if (flags["no-healthcheck"] !== true) return config;
  if (config !== undefined)
    throw new UsageError("--no-healthcheck conflicts with --health-* options");
  return { Test: ["NONE"] };
}

function resources(flags: CreateFlags): ResourceRequirements | undefined {
  return presentIfAny({
    Limits: presentIfAny({
      NanoCPUs: flags["limit-cpu"],
      MemoryBytes: flags["limit-memory"],
      Pids: flags["limit-pids"],
    }),
    Reservations: presentIfAny({
      NanoCPUs: flags["reserve-cpu"],
      MemoryBytes: flags["reserve-memory"],
      GenericResources: flags["generic-resource"],
    }),
  });
}

export function restartPolicyFrom(
  flags: FlagValues<typeof SHARED_FLAGS>,
): RestartPolicy | undefined {
  return presentIfAny({
    // The daemon knows the words, and says which they are.
    Condition: flags["restart-condition"] as RestartPolicy["Condition"] | undefined,
    Delay: flags["restart-delay"],
    MaxAttempts: flags["restart-max-attempts"],
    Window: flags["restart-window"],
  });
}

function placement(flags: CreateFlags): Placement | undefined {
  return presentIfAny({
    Constraints: flags.constraint,
    Preferences: flags["placement-pref"],
    MaxReplicas: flags["replicas-max-per-node"],
  });
}

/** Adding wins over dropping, `ALL` over every name, and each is there once, sorted. */
function capabilities(
  added: readonly string[],
  dropped: readonly string[],
): { add: string[]; drop: string[] } {
  const add = capabilityList(added);
  const drop = capabilityList(dropped).filter((capability) => !add.includes(capability));
  return { add, drop };
}

function capabilityList(given: readonly string[]): string[] {
  const names = new Set(given.map(normalizeCapability));
  // Only an update has something to reset.
  names.delete("RESET");
  return names.has("ALL") ? ["ALL"] : [...names].sort();
}

function lastOfEach<T extends { readonly Name: string }>(limits: readonly T[]): T[] {
  const byName = new Map(limits.map((limit) => [limit.Name, limit]));
  return [...byName.values()].toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}
