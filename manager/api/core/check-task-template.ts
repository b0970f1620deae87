/**
 * Whether a task template can be meant: resources, restart policy, placement,
 * networks, and its container.
 */
import type { GenericResource } from "../../../shared/docker-api/resources.js";
import type { Placement, RestartPolicy, TaskSpec } from "../../../shared/docker-api/task-spec.js";
import { InvalidArgumentError, UnimplementedError } from "../../../shared/errors/cluster-error.js";
import { parseConstraints } from "../../../shared/model/constraint.js";
import { checkContainer } from "./check-container.js";
import { MalformedRequestError } from "./malformed-request.js";
import { showNumber } from "./show-number.js";

/** A thousandth of a processor: less than the kernel's scheduler can give. */
const NANO_CPUS_MIN = 1e6;
/** The least that a container starts in. */
const MEMORY_BYTES_MIN = 4 * 1024 * 1024;
const NANO_CPUS_PER_CPU = 1e9;

/** @throws InvalidArgumentError, UnimplementedError */
export function checkTaskTemplate(template: TaskSpec): void {
  const { Limits: limits = {}, Reservations: reservations = {} } = template.Resources ?? {};
  for (const amounts of [limits, reservations]) {
    checkCpus(amounts.NanoCPUs ?? 0);
    checkMemory(amounts.MemoryBytes ?? 0);
  }
  checkGenerics(reservations.GenericResources ?? []);
  checkRestart(template.RestartPolicy ?? {});
  checkPlacement(template.Placement ?? {});
  checkRuntime(template);
}

function checkCpus(nanoCpus: number): void {
  if (nanoCpus !== 0 && nanoCpus < NANO_CPUS_MIN) {
    const [cpus, least] = [nanoCpus, NANO_CPUS_MIN].map((n) => showNumber(n / NANO_CPUS_PER_CPU));
    throw new InvalidArgumentError(`invalid cpu value ${cpus}: Must be at least ${least}`);
  }
}

function checkMemory(bytes: number): void {
  if (bytes !== 0 && bytes < MEMORY_BYTES_MIN) {
    throw new InvalidArgumentError(`invalid memory value ${bytes}: Must be at least 4MiB`);
  }
}

/** A task asks for a number of a kind; which ones it gets is the cluster's choice. */
function checkGenerics(generics: readonly GenericResource[]): void {
  const kinds = new Set<string>();
  for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of generics) {
    const kind = discrete?.Kind ?? named?.Kind ?? "";
    if (discrete === undefined || kind === "") {
      throw new InvalidArgumentError(
        `invalid generic resource ${JSON.stringify(kind)}: a service asks for a number of a kind`,
      );
    }
    if ((discrete.Value ?? 0) < 0) {
      throw new InvalidArgumentError(`invalid generic resource ${kind}: it cannot be negative`);
    }
    if (kinds.has(kind)) {
      throw new InvalidArgumentError(`generic resource ${kind} is asked for twice`);
    }
    kinds.add(kind);
  }
}

function checkRestart(policy: RestartPolicy): void {
  if ((policy.Delay ?? 0) < 0) {
    throw new InvalidArgumentError("TaskSpec: restart-delay cannot be negative");
  }
  if ((policy.Window ?? 0) < 0) {
    throw new InvalidArgumentError("TaskSpec: restart-window cannot be negative");
  }
}

const SPREAD_DESCRIPTOR = /^(?:node|engine)\.labels\.[^\s]+$/i;

function checkPlacement(placement: Placement): void {
  parseConstraints(placement.Constraints ?? []);
  for (const preference of placement.Preferences ?? []) {
    const descriptor = preference.Spread?.SpreadDescriptor ?? "";
    if (!SPREAD_DESCRIPTOR.test(descriptor)) {
      throw new InvalidArgumentError(
        `invalid placement preference ${JSON.stringify(descriptor)}: ` +
          "it must spread over node.labels.<name> or engine.labels.<name>",
      );
    }
  }
}

function checkRuntime(template: TaskSpec): void {
  const runtime = template.Runtime ?? "container";
  if (runtime === "plugin") {
    throw new UnimplementedError("services that run plugins are not available");
  }
  if (runtime !== "container") throw new MalformedRequestError("unsupported Runtime");
  if (template.ContainerSpec === undefined) {
    throw new MalformedRequestError("mismatched Runtime and *Spec fields");
  }
  checkContainer(template.ContainerSpec);
}
