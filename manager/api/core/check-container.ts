/**
 * Whether a container can be meant: image, environment, mounts, health check, limits. The words are
 * SwarmKit's (controlapi/service.go) where it has some.
 */
import type {
  ConfigFileReference,
  ContainerSpec,
  HealthConfig,
  SecretReference,
} from "../../../shared/docker-api/container-spec.js";
import type { Mount } from "../../../shared/docker-api/mount.js";
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { parseImageReference } from "./image-reference.js";

/** The engine's own lower bound of a health check's times. */
const HEALTH_TIME_MIN_NS = 1e6;

/** @throws InvalidArgumentError */
export function checkContainer(container: ContainerSpec): void {
  checkImage(container.Image ?? "");
  checkEnvironment(container.Env ?? []);
  checkMounts(container.Mounts ?? []);
  checkHealth(container.Healthcheck ?? {});
  if ((container.StopGracePeriod ?? 0) < 0) {
    throw new InvalidArgumentError("ContainerSpec: stop-grace-period cannot be negative");
  }
  checkReferences("secret", (container.Secrets ?? []).map(secretReference));
  checkReferences("config", (container.Configs ?? []).map(configReference));
}

function checkImage(image: string): void {
  if (image === "") {
    throw new InvalidArgumentError("ContainerSpec: image reference must be provided");
  }
  const parsed = parseImageReference(image);
  if (!parsed.ok) {
    throw new InvalidArgumentError(
      `ContainerSpec: ${JSON.stringify(image)} is not a valid repository/tag: ${parsed.reason}`,
    );
  }
}

/**
 * A variable may be named alone, and the same one twice (the last counts); but it must have a name.
 */
function checkEnvironment(env: readonly string[]): void {
  for (const variable of env) {
    if (variable === "" || variable.startsWith("=")) {
      throw new InvalidArgumentError(`ContainerSpec: invalid environment variable: ${variable}`);
    }
    if (variable.includes("\0")) {
      const name = variable.slice(0, variable.search(/[=\0]/));
      throw new InvalidArgumentError(
        `ContainerSpec: invalid environment variable: ${name}: it contains a zero byte`,
      );
    }
  }
}

function checkMounts(mounts: readonly Mount[]): void {
  const targets = new Set<string>();
  for (const mount of mounts) {
    const target = mount.Target ?? "";
    if (target === "")
      throw new InvalidArgumentError("ContainerSpec: mount target must be provided");
    if (mount.Type === "bind" && (mount.Source ?? "") === "") {
      throw new InvalidArgumentError(`ContainerSpec: bind mount ${target} needs a source`);
    }
    if (mount.Type === "tmpfs" && (mount.Source ?? "") !== "") {
      throw new InvalidArgumentError(`ContainerSpec: tmpfs mount ${target} cannot have a source`);
    }
    if (targets.has(target)) {
      throw new InvalidArgumentError(`ContainerSpec: duplicate mount point: ${target}`);
    }
    targets.add(target);
  }
}

function checkHealth(health: HealthConfig): void {
  for (const name of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const nanoseconds = health[name] ?? 0;
    if (nanoseconds !== 0 && nanoseconds < HEALTH_TIME_MIN_NS) {
      throw new InvalidArgumentError(
        `ContainerSpec: ${name} in HealthConfig cannot be less than 1ms`,
      );
    }
  }
  if ((health.Retries ?? 0) < 0) {
    throw new InvalidArgumentError("ContainerSpec: Retries in HealthConfig cannot be negative");
  }
}

/** What a secret's and a config's reference have in common. */
interface Reference {
  readonly id: string;
  readonly name: string;
  /** Undefined where the container sees no file of it. */
  readonly file: string | undefined;
  readonly hasTarget: boolean;
}

function secretReference(secret: SecretReference): Reference {
  return {
    id: secret.SecretID ?? "",
    name: secret.SecretName ?? "",
    file: secret.File?.Name,
    hasTarget: secret.File !== undefined,
  };
}

function configReference(config: ConfigFileReference): Reference {
  return {
    id: config.ConfigID ?? "",
    name: config.ConfigName ?? "",
    file: config.File === undefined ? undefined : (config.File.Name ?? ""),
    hasTarget: config.File !== undefined || config.Runtime !== undefined,
  };
}

function checkReferences(kind: "secret" | "config", references: readonly Reference[]): void {
  const ownerOf = new Map<string, string>();
  for (const { id, name, file, hasTarget } of references) {
    if (id === "" || name === "") throw new InvalidArgumentError(`malformed ${kind} reference`);
    if (!hasTarget) {
      throw new InvalidArgumentError(`malformed ${kind} reference, no target provided`);
    }
    if (file === undefined) continue;
    if (file === "") {
      throw new InvalidArgumentError(
        `malformed file ${kind} reference, invalid target file name provided`,
      );
    }
    const owner = ownerOf.get(file);
    if (owner !== undefined) {
      throw new InvalidArgumentError(
        `${kind} references '${owner}' and '${name}' have a conflicting target: '${file}'`,
      );
    }
    ownerOf.set(file, name);
  }
  // No secret and no config exists yet that could be meant.
  if (references.length > 0) {
    const names = references.map(({ name }) => name).join(", ");
    throw new InvalidArgumentError(
      `${kind}${references.length > 1 ? "s" : ""} not found: ${names}`,
    );
  }
}
