/**
 * A container that a user runs by hand (`docker run --network`) on networks of the cluster. It is no
 * task: nobody wants it, places it or replaces it. But it holds addresses as a task does, and stands
 * among the tasks' endpoints on its networks; so its id is of the same kind.
 */
import type { NetworkId, NodeId, TaskId } from "./ids.js";
import type { NetworkAddresses } from "./network.js";
import type { Endpoint } from "./node-networks.js";

export interface Attachment {
  readonly id: TaskId;
  /** Sequence number of the store when it was last made or changed by its node. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Where the container is: nobody else may change it. */
  readonly nodeId: NodeId;
  readonly containerName: string;
  /** Empty until the engine has made it. */
  readonly containerId: string;
  /** `serving`: it runs, and its names stand for it. */
  readonly state: Endpoint["state"];
  readonly networks: readonly AttachedNetwork[];
  /** Given by the allocator, one of each family per network; absent while none has been given. */
  readonly addresses?: readonly NetworkAddresses[];
  /** Why something of it could not be had. */
  readonly error?: string;
}

export interface AttachedNetwork {
  readonly networkId: NetworkId;
  /** Names of its own on this network alone, beside the container's. */
  readonly aliases: readonly string[];
  /** Asked for by name (`--ip`); one of each family at most. */
  readonly wanted: readonly string[];
}

/** Of all its networks, has it addresses? */
export function isAllocated({ addresses = [], networks }: Attachment): boolean {
  return networks.every(({ networkId }) => addresses.some((one) => one.networkId === networkId));
}
