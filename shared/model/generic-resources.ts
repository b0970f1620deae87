/**
 * Generic resources: things of a kind that hosts have and tasks reserve, which the cluster counts
 * and otherwise knows nothing of. A host has so many of a kind (`ssd=4`), or it names each one
 * (`gpu=UUID1`); a task asks for a number of them and is told the names that it gets.
 */
import type { GenericResource } from "../docker-api/resources.js";
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { Node } from "./node.js";

/** What a host has of one kind, or what a task was given of it. */
export interface GenericShare {
  readonly kind: string;
  readonly count: number;
  /** Each by its own name; absent where they are only counted. */
  readonly names?: readonly string[];
}

/** What a task asks for: a number of each kind, in the order of the kinds. */
export type GenericDemand = Pick<GenericShare, "kind" | "count">;

export function genericDemand(template: TaskSpec): readonly GenericDemand[] {
  const reserved = template.Resources?.Reservations?.GenericResources;
  return reserved === undefined ? [] : genericShares(reserved).filter(({ count }) => count > 0);
}

export function genericCapacity(node: Node): readonly GenericShare[] {
  const resources = node.description?.Resources?.GenericResources;
  return resources === undefined ? [] : genericShares(resources);
}

/** One share of each kind, ordered by kind. */
export function genericShares(resources: readonly GenericResource[]): readonly GenericShare[] {
  const shares = new Map<string, GenericShare>();
  for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of resources) {
    const kind = named?.Kind ?? discrete?.Kind ?? "";
    const before = shares.get(kind) ?? { kind, count: 0 };
    shares.set(kind, added(before, named?.Value, discrete?.Value ?? 0));
  }
  return [...shares.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

function added(before: GenericShare, name: string | undefined, count: number): GenericShare {
  const { kind, names = [] } = before;
  if (name === undefined) return { ...before, count: before.count + count };
  return { kind, count: before.count + 1, names: [...names, name] };
}

/** As the API writes them: each named one for itself. */
export function genericResources(shares: readonly GenericShare[]): GenericResource[] {
  return shares.flatMap(({ kind, count, names }): GenericResource[] =>
    names === undefined
      ? [{ DiscreteResourceSpec: { Kind: kind, Value: count } }]
      : names.map((name) => ({ NamedResourceSpec: { Kind: kind, Value: name } })),
  );
}
