/**
 * Amounts of CPU, memory and named things: what a node has, what a task reserves, what it may use
 * at most.
 */
import { type Static, Type } from "@sinclair/typebox";

import { Int64, struct, Text } from "./schema.js";

export const NamedGenericResource = struct({ Kind: Text, Value: Text });
export type NamedGenericResource = Static<typeof NamedGenericResource>;

export const DiscreteGenericResource = struct({ Kind: Text, Value: Int64 });
export type DiscreteGenericResource = Static<typeof DiscreteGenericResource>;

/** One of the two is set: a single thing with a name of its own, or a number of like things. */
export const GenericResource = struct({
  NamedResourceSpec: NamedGenericResource,
  DiscreteResourceSpec: DiscreteGenericResource,
});
export type GenericResource = Static<typeof GenericResource>;

export const GenericResources = Type.Array(GenericResource);
export type GenericResources = Static<typeof GenericResources>;

export const ResourceObject = struct({
  NanoCPUs: Int64,
  MemoryBytes: Int64,
  GenericResources,
  /**
   * Ours, not Docker's: processes and threads that the host can have; absent where it does not
   * tell.
   */
  Pids: Int64,
});
export type ResourceObject = Static<typeof ResourceObject>;

/** Zero means no limit. */
export const Limit = struct({ NanoCPUs: Int64, MemoryBytes: Int64, Pids: Int64 });
export type Limit = Static<typeof Limit>;
