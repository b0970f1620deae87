/** What a host says of itself: what its engine says, and what its user says on top of that. */
import type { NodeDescription } from "../../../shared/docker-api/node-spec.js";
import type { GenericResource } from "../../../shared/docker-api/resources.js";

export interface OwnWords {
  /** Absent: the engine's word. */
  readonly hostname?: string;
  /** Of a kind that the engine tells of, too, these count. */
  readonly generics?: readonly GenericResource[];
}

export function ownDescription(
  described: NodeDescription,
  { hostname, generics = [] }: OwnWords,
): NodeDescription {
  return {
    ...withGenerics(described, generics),
    ...(hostname !== undefined && { Hostname: hostname }),
  };
}

function withGenerics(
  described: NodeDescription,
  own: readonly GenericResource[],
): NodeDescription {
  if (own.length === 0) return described;
  const known = new Set(own.map(kindOf));
  const others = described.Resources?.GenericResources ?? [];
  const GenericResources = [...own, ...others.filter((one) => !known.has(kindOf(one)))];
  return { ...described, Resources: { ...described.Resources, GenericResources } };
}

function kindOf({ NamedResourceSpec, DiscreteResourceSpec }: GenericResource): string {
  return NamedResourceSpec?.Kind ?? DiscreteResourceSpec?.Kind ?? "";
}
