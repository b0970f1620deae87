/**
 * Ids of everything that a cluster names. Each kind has its own type, so that a task's id cannot be
 * passed where a node's is wanted. All are 25 characters of base36, as Docker's are.
 */
import type { Random } from "../ports/random.js";

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type ClusterId = Brand<string, "ClusterId">;
export type NodeId = Brand<string, "NodeId">;
export type ServiceId = Brand<string, "ServiceId">;
export type TaskId = Brand<string, "TaskId">;
export type NetworkId = Brand<string, "NetworkId">;

export type AnyId = ClusterId | NodeId | ServiceId | TaskId | NetworkId;

/** Characters in an id: 25 base36 digits carry 129 bits. */
const ID_LENGTH = 25;

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A new id from the caller's own random stream: the kind is the caller's to name. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- named at the call
export function newId<Id extends AnyId>(random: Random): Id {
  const codes: number[] = [];
  for (let i = 0; i < ID_LENGTH; i++) codes.push(DIGITS.charCodeAt(random.below(DIGITS.length)));
  // In one piece: put together character by character, it would stay a chain of 25 in memory.
  return String.fromCharCode(...codes) as Id;
}
