/** `/version`: ours first, then the engine's own parts, so that `docker version` shows both. */
import type { ComponentVersion, SystemVersion } from "../../../shared/docker-api/system.js";
import { API_VERSION, OLDEST_API_VERSION } from "./api-version.js";

export interface OwnVersion {
  readonly version: string;
  readonly nodeVersion: string;
  readonly os: string;
  readonly architecture: string;
  readonly kernelVersion: string;
}

type Answer = Readonly<Record<string, unknown>>;

/** @param engine what the engine answers to the same question; undefined without one. */
export function showVersion(own: OwnVersion, engine: Answer | undefined): SystemVersion {
  const skep: ComponentVersion = {
    Name: "Skep",
    Version: own.version,
    Details: {
      ApiVersion: API_VERSION,
      MinAPIVersion: OLDEST_API_VERSION,
      Os: own.os,
      Arch: own.architecture,
      KernelVersion: own.kernelVersion,
      NodeVersion: own.nodeVersion,
    },
  };
  return {
    Platform: { Name: "Skep" },
    Components: [skep, ...componentsOf(engine)],
    Version: own.version,
    ApiVersion: API_VERSION,
    MinAPIVersion: OLDEST_API_VERSION,
    GitCommit: "",
    GoVersion: "",
    Os: own.os,
    Arch: own.architecture,
    KernelVersion: own.kernelVersion,
    BuildTime: "",
  };
}

function componentsOf(engine: Answer | undefined): readonly ComponentVersion[] {
  const components = engine?.["Components"];
  return Array.isArray(components) ? components.filter(isComponent) : [];
}

function isComponent(value: unknown): value is ComponentVersion {
  return (
    typeof value === "object" &&
    value !== null &&
    "Name" in value &&
    typeof value.Name === "string" &&
    "Version" in value &&
    typeof value.Version === "string"
  );
}
