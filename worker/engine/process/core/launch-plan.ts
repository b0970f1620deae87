/**
 * From a task's spec to what has to be run as a process: pure, and the reason where it cannot be.
 */
import type { ContainerSpec } from "../../../../shared/docker-api/container-spec.js";
import { InvalidArgumentError } from "../../../../shared/errors/cluster-error.js";
import {
  fillEnvironment,
  fillPlaceholders,
  type PlaceholderValues,
} from "../../core/placeholders.js";

export interface LaunchPlan {
  /** Program and arguments; never empty. */
  readonly argv: readonly [string, ...string[]];
  /** All of the environment: nothing of the daemon's own leaks in. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the task's own folder. */
  readonly dir?: string;
  /** `user`, `user:group`, or their numbers. */
  readonly user?: string;
}

const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * @throws InvalidArgumentError where there is nothing to run, or more is asked
 *   than a process can give.
 */
export function planLaunch(spec: ContainerSpec, values: PlaceholderValues): LaunchPlan {
  const [program, ...args] = [...(spec.Command ?? []), ...(spec.Args ?? [])];
  if (program === undefined) {
    const image = spec.Image ?? "";
    throw new InvalidArgumentError(
      `the process engine runs a command and no images: give the service one (image ${image} has its own, which is not read)`,
    );
  }
  if ((spec.Mounts ?? []).length > 0) {
    throw new InvalidArgumentError("the process engine has no mounts: tasks see the host's files");
  }
  const dir = fillPlaceholders(spec.Dir ?? "", values);
  const user = spec.User ?? "";
  return {
    argv: [program, ...args],
    env: environmentOf(spec, values),
    ...(dir === "" ? {} : { dir }),
    ...(user === "" ? {} : { user }),
  };
}

function environmentOf(spec: ContainerSpec, values: PlaceholderValues): Record<string, string> {
  const hostname = fillPlaceholders(spec.Hostname ?? "", values);
  const env: Record<string, string> = { PATH: SEARCH_PATH };
  if (hostname !== "") env["HOSTNAME"] = hostname;
  for (const entry of spec.Env ?? []) {
    const filled = fillEnvironment(entry, values);
    const split = filled.indexOf("=");
    // Docker: a name alone takes the image's value away.
    if (split > 0) env[filled.slice(0, split)] = filled.slice(split + 1);
    else Reflect.deleteProperty(env, filled);
  }
  return env;
}
