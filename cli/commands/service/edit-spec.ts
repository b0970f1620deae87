/** What the flags of `service update` make of a service's spec; what no flag speaks of stays. */
import type { EndpointPortConfig, EndpointSpec } from "../../../shared/docker-api/endpoint.js";
import type { GenericResource } from "../../../shared/docker-api/resources.js";
import type { ServiceMode, ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import type {
  Placement,
  ResourceRequirements,
  TaskSpec,
} from "../../../shared/docker-api/task-spec.js";
import { UsageError } from "../../errors.js";
import { toMap } from "../../flags/key-values.js";
import { present, presentIfAny } from "../../present.js";
import { editedContainer } from "./edit-container.js";
import { editByKey, editMap, editSet, ifEdited } from "./edit-lists.js";
import { endpointMode, restartPolicyFrom } from "./spec-from-flags.js";
import { rollbackConfigFrom, updateConfigFrom } from "./update-config.js";
import type { UpdateFlags } from "./update-flags.js";

/**
 * Networks, secrets and configs, which need the daemon, are edited elsewhere.
 * @throws UsageError
 */
export function editedSpec(before: ServiceSpec, flags: UpdateFlags): ServiceSpec {
  const labels = { add: flags["label-add"], remove: flags["label-rm"] };
  return {
    ...before,
    ...present({
      Labels: editMap(before.Labels, labels),
      TaskTemplate: editedTask(before.TaskTemplate ?? {}, flags),
      Mode: editedMode(before.Mode ?? {}, flags),
      UpdateConfig: updateConfigFrom(flags, before.UpdateConfig),
      RollbackConfig: rollbackConfigFrom(flags, before.RollbackConfig),
      EndpointSpec: editedEndpoint(before.EndpointSpec ?? {}, flags),
    }),
  };
}

function editedTask(before: TaskSpec, flags: UpdateFlags): TaskSpec {
  const restart = restartPolicyFrom(flags);
  const logDriver = flags["log-driver"];
  return {
    ...before,
    ContainerSpec: editedContainer(before.ContainerSpec ?? {}, flags),
    ...present({
      Resources: editedResources(before.Resources ?? {}, flags),
      RestartPolicy: restart && { ...before.RestartPolicy, ...restart },
      Placement: editedPlacement(before.Placement ?? {}, flags),
      ForceUpdate: flags.force === true ? (before.ForceUpdate ?? 0) + 1 : undefined,
      LogDriver:
        logDriver === undefined || logDriver === ""
          ? undefined
          : { Name: logDriver, Options: toMap(flags["log-opt"] ?? []) },
    }),
  };
}

function editedMode(before: ServiceMode, flags: UpdateFlags): ServiceMode | undefined {
  const { replicas } = flags;
  const concurrent = flags["max-concurrent"];
  if (before.ReplicatedJob !== undefined) {
    const job = presentIfAny({ TotalCompletions: replicas, MaxConcurrent: concurrent });
    return job && { ...before, ReplicatedJob: { ...before.ReplicatedJob, ...job } };
  }
  if (concurrent !== undefined) {
    throw new UsageError("max-concurrent can only be used with replicated-job mode");
  }
  if (replicas === undefined) return undefined;
  if (before.Replicated === undefined) {
    throw new UsageError("replicas can only be used with replicated mode");
  }
  return { ...before, Replicated: { ...before.Replicated, Replicas: replicas } };
}

function editedResources(
  before: ResourceRequirements,
  flags: UpdateFlags,
): ResourceRequirements | undefined {
  const limits = presentIfAny({
    NanoCPUs: flags["limit-cpu"],
    MemoryBytes: flags["limit-memory"],
    Pids: flags["limit-pids"],
  });
  const generic = { add: flags["generic-resource-add"], remove: flags["generic-resource-rm"] };
  const reservations = presentIfAny({
    NanoCPUs: flags["reserve-cpu"],
    MemoryBytes: flags["reserve-memory"],
    GenericResources: ifEdited(generic, ({ add, remove }) =>
      editedGeneric(before.Reservations?.GenericResources ?? [], add ?? [], remove ?? []),
    ),
  });
  const edited = presentIfAny({
    Limits: limits && { ...before.Limits, ...limits },
    Reservations: reservations && { ...before.Reservations, ...reservations },
  });
  return edited && { ...before, ...edited };
}

function editedGeneric(
  before: readonly GenericResource[],
  add: readonly GenericResource[],
  remove: readonly string[],
): GenericResource[] {
  const known = new Set([...before, ...add].map(kindOf));
  const missing = remove.find((kind) => !known.has(kind));
  if (missing !== undefined) {
    throw new UsageError(`could not find generic-resource \`${missing}\` to remove it`);
  }
  return editByKey(before, kindOf, { add }).filter((one) => !remove.includes(kindOf(one)));
}

function kindOf(resource: GenericResource): string {
  return resource.DiscreteResourceSpec?.Kind ?? resource.NamedResourceSpec?.Kind ?? "";
}

function editedPlacement(before: Placement, flags: UpdateFlags): Placement | undefined {
  const constraints = { add: flags["constraint-add"], remove: flags["constraint-rm"] };
  const removedPreferences = flags["placement-pref-rm"]?.map(descriptorOf);
  const preferences = { add: flags["placement-pref-add"], remove: removedPreferences };
  const edited = presentIfAny({
    Constraints: ifEdited(constraints, (edit) => editSet(before.Constraints, edit)),
    // Their order is the order in which they are spread over.
    Preferences: ifEdited(preferences, ({ add = [], remove = [] }) => [
      ...(before.Preferences ?? []).filter((one) => !remove.includes(descriptorOf(one))),
      ...add,
    ]),
    MaxReplicas: flags["replicas-max-per-node"],
  });
  return edited && { ...before, ...edited };
}

function descriptorOf({ Spread: spread }: NonNullable<Placement["Preferences"]>[number]): string {
  return spread?.SpreadDescriptor ?? "";
}

function editedEndpoint(before: EndpointSpec, flags: UpdateFlags): EndpointSpec | undefined {
  const mode = flags["endpoint-mode"];
  const { "publish-add": added, "publish-rm": removed } = flags;
  const edited = presentIfAny({
    Mode: mode === undefined ? undefined : endpointMode(mode),
    Ports:
      added === undefined && removed === undefined
        ? undefined
        : editedPorts(before.Ports ?? [], added ?? [], removed ?? []),
  });
  return edited && { ...before, ...edited };
}

/**
 * A port is taken away by its target, protocol and mode; one that is there
 * already is not added again.
 */
function editedPorts(
  before: readonly EndpointPortConfig[],
  added: readonly EndpointPortConfig[],
  removed: readonly EndpointPortConfig[],
): EndpointPortConfig[] {
  const gone = new Set(removed.map(targetKey));
  const kept = before.filter((port) => !gone.has(targetKey(port)));
  return editByKey(kept, portKey, { add: added }).toSorted((a, b) =>
    portKey(a) < portKey(b) ? -1 : 1,
  );
}

function targetKey({
  TargetPort,
  Protocol = "tcp",
  PublishMode = "ingress",
}: EndpointPortConfig): string {
  return `${TargetPort ?? 0}/${Protocol}/${PublishMode}`;
}

function portKey(port: EndpointPortConfig): string {
  return `${port.PublishedPort ?? 0}:${targetKey(port)}`;
}
