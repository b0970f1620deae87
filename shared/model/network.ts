/** Networks: which are every host's own, and what the others ask of a host. */
import type { TaskSpec } from "../docker-api/task-spec.js";

/** Every host has these; they need nobody to make them. */
export const PREDEFINED_NETWORKS: readonly string[] = ["host", "none", "bridge"];

/** The drivers that a host must have to run tasks of the template; what it lists as plugins. */
export function neededNetworkPlugins({ Networks: networks = [] }: TaskSpec): readonly string[] {
  const spansHosts = networks.some(({ Target: name = "" }) => !PREDEFINED_NETWORKS.includes(name));
  return spansHosts ? ["overlay"] : [];
}
