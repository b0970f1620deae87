/**
 * What Docker answers where the cluster's state cannot be had: clients and
 * people know these sentences.
 */
import { NotAManagerError } from "../../../shared/errors/cluster-error.js";

/** @param role of this host in the swarm; `none` where it is in none. */
export function notAManager(role: "worker" | "none"): NotAManagerError {
  if (role === "worker") {
    return new NotAManagerError(
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
        "Please run this command on a manager node or promote the current node to a manager.",
    );
  }
  return new NotAManagerError(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node ' +
      "to swarm and try again.",
  );
}
