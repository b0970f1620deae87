/** What the options of `create` and `update` make of a service's spec, in the words of Docker's flags. */
import { parseGenericResources } from "../../node/generic-resources.js";
import type { HealthConfig } from "../../shared/docker-api/container-spec.js";
import type {
  ReplicatedJob,
  RollbackConfig,
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../../shared/docker-api/service-spec.js";
import type { Placement, RestartPolicy } from "../../shared/docker-api/task-spec.js";
import { nanoseconds } from "./durations.js";

/** How each option of `create` and `update` changes the spec. */
const EDITS: Readonly<Record<string, (spec: ServiceSpec, value: string) => ServiceSpec>> = {
  mode: (spec, value) => ({ ...spec, Mode: modeNamed(value) }),
  replicas: (spec, value) => ({ ...spec, Mode: { Replicated: { Replicas: Number(value) } } }),
  total: (spec, value) => editJob(spec, { TotalCompletions: Number(value) }),
  concurrent: (spec, value) => editJob(spec, { MaxConcurrent: Number(value) }),
  image: (spec, value) => editContainer(spec, { Image: value }),
  "stop-grace": (spec, value) => editContainer(spec, { StopGracePeriod: nanoseconds(value) }),
  /** health-cmd=/alive; without it there is no check */
  "health-cmd": (spec, value) => editHealth(spec, { Test: ["CMD-SHELL", value] }),
  "health-interval": (spec, value) => editHealth(spec, { Interval: nanoseconds(value) }),
  "health-retries": (spec, value) => editHealth(spec, { Retries: Number(value) }),
  "health-start-period": (spec, value) => editHealth(spec, { StartPeriod: nanoseconds(value) }),
  restart: (spec, value) =>
    editPolicy(spec, { Condition: value as NonNullable<RestartPolicy["Condition"]> }),
  delay: (spec, value) => editPolicy(spec, { Delay: nanoseconds(value) }),
  attempts: (spec, value) => editPolicy(spec, { MaxAttempts: Number(value) }),
  window: (spec, value) => editPolicy(spec, { Window: nanoseconds(value) }),
  constraint: (spec, value) => editPlacement(spec, { Constraints: [constraint(value)] }),
  /** spread=zone,rack: over the values of the first label, within each over those of the second */
  spread: (spec, value) => editPlacement(spec, { Preferences: value.split(",").map(spreadOver) }),
  "max-per-node": (spec, value) => editPlacement(spec, { MaxReplicas: Number(value) }),
  /** platform=linux/amd64 */
  platform: (spec, value) => {
    const [OS = "", Architecture = ""] = value.split("/");
    return editPlacement(spec, { Platforms: [{ OS, Architecture }] });
  },
  cpus: (spec, value) => editReservations(spec, Number(value) * 1e9),
  generic: (spec, value) =>
    editTemplate(spec, {
      Resources: { Reservations: { GenericResources: parseGenericResources([value]) } },
    }),
  parallelism: (spec, value) => editUpdate(spec, { Parallelism: Number(value) }),
  "update-delay": (spec, value) => editUpdate(spec, { Delay: nanoseconds(value) }),
  monitor: (spec, value) => editUpdate(spec, { Monitor: nanoseconds(value) }),
  "failure-action": (spec, value) =>
    editUpdate(spec, { FailureAction: value as NonNullable<UpdateConfig["FailureAction"]> }),
  "max-failure-ratio": (spec, value) => editUpdate(spec, { MaxFailureRatio: Number(value) }),
  "rollback-parallelism": (spec, value) => editRollback(spec, { Parallelism: Number(value) }),
  "rollback-delay": (spec, value) => editRollback(spec, { Delay: nanoseconds(value) }),
  "rollback-monitor": (spec, value) => editRollback(spec, { Monitor: nanoseconds(value) }),
  "rollback-max-failure-ratio": (spec, value) =>
    editRollback(spec, { MaxFailureRatio: Number(value) }),
  "rollback-failure-action": (spec, value) =>
    editRollback(spec, { FailureAction: value as NonNullable<RollbackConfig["FailureAction"]> }),
  "rollback-order": (spec, value) =>
    editRollback(spec, { Order: value as NonNullable<RollbackConfig["Order"]> }),
  force: (spec, value) => editTemplate(spec, { ForceUpdate: Number(value) }),
  label: (spec, value) => ({ ...spec, Labels: { label: value } }),
  order: (spec, value) => editUpdate(spec, { Order: value as NonNullable<UpdateConfig["Order"]> }),
};

function modeNamed(name: string): ServiceMode {
  if (name === "global") return { Global: {} };
  if (name === "global-job") return { GlobalJob: {} };
  if (name === "replicated-job") return { ReplicatedJob: {} };
  throw new Error(`no such mode: ${name}`);
}

export function editSpec(
  spec: ServiceSpec,
  options: Readonly<Record<string, string>>,
): ServiceSpec {
  return Object.entries(options).reduce((edited, [name, value]) => {
    const edit = EDITS[name];
    if (edit === undefined) throw new Error(`no such option: ${name}`);
    return edit(edited, value);
  }, spec);
}

function editJob(spec: ServiceSpec, change: ReplicatedJob): ServiceSpec {
  return { ...spec, Mode: { ReplicatedJob: { ...spec.Mode?.ReplicatedJob, ...change } } };
}

type Template = NonNullable<ServiceSpec["TaskTemplate"]>;

export function editTemplate(spec: ServiceSpec, change: Template): ServiceSpec {
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ...change } };
}

function editContainer(
  spec: ServiceSpec,
  change: NonNullable<Template["ContainerSpec"]>,
): ServiceSpec {
  return editTemplate(spec, {
    ContainerSpec: { ...spec.TaskTemplate?.ContainerSpec, ...change },
  });
}

function editHealth(spec: ServiceSpec, change: HealthConfig): ServiceSpec {
  const { Healthcheck } = spec.TaskTemplate?.ContainerSpec ?? {};
  return editContainer(spec, { Healthcheck: { ...Healthcheck, ...change } });
}

function editPolicy(spec: ServiceSpec, change: RestartPolicy): ServiceSpec {
  return editTemplate(spec, { RestartPolicy: { ...spec.TaskTemplate?.RestartPolicy, ...change } });
}

/** `zone=east` in a transcript is `node.labels.zone == east`, `zone!east` its opposite. */
function constraint(value: string): string {
  const expression = value.includes("!")
    ? value.replace("!", " != ")
    : value.replace(/[=:]/, " == ");
  return `node.labels.${expression}`;
}

function spreadOver(label: string): NonNullable<Placement["Preferences"]>[number] {
  return { Spread: { SpreadDescriptor: `node.labels.${label}` } };
}

function editPlacement(spec: ServiceSpec, change: Placement): ServiceSpec {
  return editTemplate(spec, { Placement: { ...spec.TaskTemplate?.Placement, ...change } });
}

function editReservations(spec: ServiceSpec, nanoCpus: number): ServiceSpec {
  return editTemplate(spec, { Resources: { Reservations: { NanoCPUs: nanoCpus } } });
}

function editUpdate(spec: ServiceSpec, change: UpdateConfig): ServiceSpec {
  return { ...spec, UpdateConfig: { ...spec.UpdateConfig, ...change } };
}

function editRollback(spec: ServiceSpec, change: RollbackConfig): ServiceSpec {
  return { ...spec, RollbackConfig: { ...spec.RollbackConfig, ...change } };
}
