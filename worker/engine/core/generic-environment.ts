/** How a task learns which generic resources it was given: in its environment, as in Docker. */
import type { GenericShare } from "../../../shared/model/generic-resources.js";

/** `DOCKER_RESOURCE_GPU=UUID1,UUID2`, or the number of what has no names: `DOCKER_RESOURCE_SSD=2` */
export function genericEnvironment(shares: readonly GenericShare[]): readonly string[] {
  return shares.map(({ kind, count, names }) => {
    const value = names === undefined ? String(count) : names.join(",");
    return `DOCKER_RESOURCE_${kind.toUpperCase()}=${value}`;
  });
}
