/** Services as users declare them: any setting that the orchestrator knows, in any mix. */
import type { GenericResource } from "../../../shared/docker-api/resources.js";
import type {
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { Random } from "../../../shared/ports/random.js";
import { pick } from "../pick.js";
import { ENDING_IMAGES, LASTING_IMAGES } from "./images.js";

const NS_PER_MS = 1e6;
const MEBIBYTE = 2 ** 20;
const FIRST_HOST_PORT = 8_080;

export type Edit = (spec: ServiceSpec, random: Random) => ServiceSpec;

export function newSpec(name: string, random: Random): ServiceSpec {
  const mode = modeOf(random);
  const isJob = mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
  const spec: ServiceSpec = {
    Name: name,
    Mode: mode,
    TaskTemplate: {
      ContainerSpec: {
        Image: imageOf(random, isJob),
        StopGracePeriod: pick(random, [0, 1_000, 5_000, 10_000]) * NS_PER_MS,
      },
      RestartPolicy: policyOf(random),
      Placement: placementOf(random),
      Resources: resourcesOf(random),
    },
    EndpointSpec: endpointOf(random),
  };
  if (isJob) return spec;
  return { ...spec, UpdateConfig: updateOf(random), RollbackConfig: rollbackOf(random) };
}

/** What an update may change. */
export const EDITS = {
  image: (spec, random) => {
    const job = spec.Mode?.ReplicatedJob ?? spec.Mode?.GlobalJob;
    const { ContainerSpec: container } = spec.TaskTemplate ?? {};
    const Image = imageOf(random, job !== undefined);
    return withTemplate(spec, { ContainerSpec: { ...container, Image } });
  },
  force: (spec, random) => withTemplate(spec, { ForceUpdate: 1 + random.below(1_000) }),
  policy: (spec, random) => withTemplate(spec, { RestartPolicy: policyOf(random) }),
  placement: (spec, random) => withTemplate(spec, { Placement: placementOf(random) }),
  resources: (spec, random) => withTemplate(spec, { Resources: resourcesOf(random) }),
  label: (spec, random) => ({ ...spec, Labels: { label: `${random.below(1_000)}` } }),
  "update-settings": (spec, random) => {
    if (spec.UpdateConfig === undefined) return spec;
    return { ...spec, UpdateConfig: updateOf(random), RollbackConfig: rollbackOf(random) };
  },
  scale: (spec, random) => {
    const { Replicated: replicated, ReplicatedJob: job } = spec.Mode ?? {};
    if (replicated) return { ...spec, Mode: { Replicated: { Replicas: random.below(8) } } };
    if (!job) return spec;
    return { ...spec, Mode: { ReplicatedJob: { ...job, TotalCompletions: 1 + random.below(6) } } };
  },
} as const satisfies Record<string, Edit>;

/** What everybody wants in the end: a template that comes up wherever there is room. */
export function soundSpec(spec: ServiceSpec): ServiceSpec {
  const { Mode: mode } = spec;
  const isJob = mode?.ReplicatedJob !== undefined || mode?.GlobalJob !== undefined;
  const Image = isJob ? "once:sound" : "plain:sound";
  const { ContainerSpec: container } = spec.TaskTemplate ?? {};
  return withTemplate(spec, { ContainerSpec: { ...container, Image } });
}

function withTemplate(spec: ServiceSpec, change: TaskSpec): ServiceSpec {
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ...change } };
}

function modeOf(random: Random): ServiceMode {
  const chance = random.below(10);
  if (chance < 6) return { Replicated: { Replicas: random.below(7) } };
  if (chance < 8) return { Global: {} };
  if (chance < 9) return { GlobalJob: {} };
  const job = { MaxConcurrent: 1 + random.below(3), TotalCompletions: 1 + random.below(6) };
  return { ReplicatedJob: job };
}

function imageOf(random: Random, isJob: boolean): string {
  const tag = random.below(1_000);
  if (isJob) return `${pick(random, ["once", "once", "once", "crash", "flaky", "missing"])}:${tag}`;
  const lasting = random.below(10) < 6;
  return `${lasting ? pick(random, LASTING_IMAGES) : pick(random, ENDING_IMAGES)}:${tag}`;
}

function policyOf(random: Random): NonNullable<TaskSpec["RestartPolicy"]> {
  return {
    Condition: pick(random, ["any", "any", "any", "on-failure", "none"] as const),
    Delay: pick(random, [0, 200, 1_000, 5_000]) * NS_PER_MS,
    MaxAttempts: pick(random, [0, 0, 0, 1, 2, 3]),
    Window: pick(random, [0, 0, 3_000, 10_000]) * NS_PER_MS,
  };
}

function placementOf(random: Random): NonNullable<TaskSpec["Placement"]> {
  const constraint = pick(random, [
    "node.labels.zone == east",
    "node.labels.zone != west",
    "node.hostname != w3",
  ]);
  const preference = { Spread: { SpreadDescriptor: "node.labels.zone" } };
  return {
    ...(random.below(4) === 0 && { Constraints: [constraint] }),
    ...(random.below(5) === 0 && { MaxReplicas: 1 + random.below(2) }),
    ...(random.below(4) === 0 && { Preferences: [preference] }),
  };
}

function resourcesOf(random: Random): NonNullable<TaskSpec["Resources"]> {
  if (random.below(2) === 0) return {};
  return {
    Reservations: {
      NanoCPUs: random.below(5) * 1e9,
      MemoryBytes: random.below(4) * 256 * MEBIBYTE,
      ...(random.below(3) === 0 && { GenericResources: genericsOf(random) }),
    },
  };
}

/** Hosts have them by name, by number, or not at all. */
function genericsOf(random: Random): GenericResource[] {
  const kinds = pick(random, [["gpu"], ["gpu"], ["ssd"], ["gpu", "ssd"]]);
  return kinds.map((Kind) => ({ DiscreteResourceSpec: { Kind, Value: 1 + random.below(2) } }));
}

function endpointOf(random: Random): NonNullable<ServiceSpec["EndpointSpec"]> {
  if (random.below(5) > 0) return {};
  const PublishedPort = FIRST_HOST_PORT + random.below(2);
  return { Ports: [{ Protocol: "tcp", TargetPort: 80, PublishedPort, PublishMode: "host" }] };
}

function updateOf(random: Random): UpdateConfig {
  return {
    ...stepsOf(random),
    FailureAction: pick(random, ["pause", "continue", "rollback", "rollback"] as const),
  };
}

function rollbackOf(random: Random): NonNullable<ServiceSpec["RollbackConfig"]> {
  return {
    ...stepsOf(random),
    FailureAction: pick(random, ["pause", "continue"] as const),
  };
}

function stepsOf(random: Random) {
  return {
    Parallelism: random.below(4),
    Delay: pick(random, [0, 0, 500, 3_000]) * NS_PER_MS,
    Monitor: pick(random, [100, 1_000, 5_000]) * NS_PER_MS,
    MaxFailureRatio: pick(random, [0, 0, 0.25, 0.5]),
    Order: pick(random, ["stop-first", "start-first"] as const),
  };
}
