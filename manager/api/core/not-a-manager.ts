/**
 * What Docker answers where the cluster's state cannot be had: clients and
 * people know these sentences.
 */
import { NotAManagerError } from "../../../shared/errors/cluster-error.js";

export function notInSwarm(): NotAManagerError {
  return new NotAManagerError(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node ' +
      "to swarm and try again.",
  );
}

/** @param managers `host:port` of those that this worker knows */
export function notAManager(managers: readonly string[]): NotAManagerError {
  const places = managers.length === 0 ? "" : ` The managers are at ${managers.join(", ")}.`;
  return new NotAManagerError(
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
      `Please run this command on a manager node or promote the current node to a manager.${places}`,
  );
}
