/**
 * Fields that an older engine would quietly leave out, and whose absence would do harm: another
 * folder mounted than asked for, writable where read-only was asked for. Such a task is refused
 * instead. Others degrade harmlessly.
 */
import type { Mount } from "../../../shared/docker-api/mount.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import { TaskRefusedError } from "../engine-errors.js";
import type { ApiVersion } from "./engine-client.js";

interface Requirement {
  readonly what: string;
  /** Minor version of the API, of major version 1, that first knew the field. */
  readonly sinceMinor: number;
  readonly used: (mount: Mount) => boolean;
}

const REQUIREMENTS: readonly Requirement[] = [
  { what: "a cluster volume", sinceMinor: 42, used: (mount) => mount.Type === "cluster" },
  {
    what: "a recursively read-only mount",
    sinceMinor: 44,
    used: ({ BindOptions: bind }) => bind?.ReadOnlyForceRecursive === true,
  },
  {
    what: "a part of a volume as a mount",
    sinceMinor: 45,
    used: ({ VolumeOptions: volume }) => (volume?.Subpath ?? "") !== "",
  },
  { what: "an image as a mount", sinceMinor: 48, used: (mount) => mount.Type === "image" },
];

/** @throws TaskRefusedError */
export function requireApi(spec: TaskSpec, api: ApiVersion | undefined): void {
  if (api === undefined) return;
  for (const mount of spec.ContainerSpec?.Mounts ?? []) {
    const missing = REQUIREMENTS.find(({ sinceMinor, used }) => {
      return api.minor < sinceMinor && used(mount);
    });
    if (missing === undefined) continue;
    throw new TaskRefusedError(
      `${missing.what} needs an engine with API 1.${missing.sinceMinor}, this one has ${api.major}.${api.minor}`,
    );
  }
}
