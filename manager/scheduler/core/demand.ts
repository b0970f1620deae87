/**
 * What the tasks of one revision ask of a node, worked out once per revision: what they reserve,
 * which host ports they bind, and which nodes they accept. `requirement` names the part that
 * depends only on a node's class, so that services that ask for the same share one answer.
 */
import type { Platform } from "../../../shared/docker-api/platform.js";
import { type Constraint, parseConstraints } from "../../../shared/model/constraint.js";
import { type GenericDemand, genericDemand } from "../../../shared/model/generic-resources.js";
import { neededNetworkPlugins } from "../../../shared/model/network.js";
import {
  fits,
  NO_RESOURCES,
  reservationOf,
  type Resources,
} from "../../../shared/model/resources.js";
import type { Revision } from "../../../shared/model/revision.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";

export interface Demand {
  /** Nothing is reserved and no port bound: such a task fits wherever it is accepted. */
  readonly isFree: boolean;
  readonly resources: Resources;
  readonly generics: readonly GenericDemand[];
  /** `tcp/8080`: host ports that a task binds on its node. */
  readonly hostPorts: readonly string[];
  /** Constraints that every node of a class answers alike. */
  readonly classConstraints: readonly Constraint[];
  /** Constraints on what is a node's own: its id, its name, its address. */
  readonly nodeConstraints: readonly Constraint[];
  /** Any of these will do; none listed: every platform will. */
  readonly platforms: readonly Platform[];
  /** Drivers of networks that span hosts; a node lists those that it has. */
  readonly networkPlugins: readonly string[];
  /** Labels over whose values the tasks are spread, the outermost first: `node.labels.zone`. */
  readonly spreadOver: readonly string[];
  /** 0: as many as fit. */
  readonly maxPerNode: number;
  /** Equal for demands that accept the same classes of nodes. */
  readonly requirement: string;
}

/**
 * Keys whose value differs from node to node: matched per node, or every node
 * would be a class of its own.
 */
const NODE_KEYS: ReadonlySet<string> = new Set(["node.id", "node.hostname", "node.ip"]);

export function demandOf(revision: Revision): Demand {
  const placement = revision.template.Placement ?? {};
  // The gate lets no malformed constraint in, so parsing cannot fail here.
  const constraints = parseConstraints(placement.Constraints ?? []);
  const classConstraints = constraints.filter((c) => !NODE_KEYS.has(c.key));
  const platforms = (placement.Platforms ?? []).filter((p) => p.OS ?? p.Architecture);
  const networkPlugins = neededNetworkPlugins(revision);
  const resources = reservationOf(revision.template);
  const hostPorts = hostPortsOf(revision);
  const generics = genericDemand(revision.template);
  return {
    isFree: fits(resources, NO_RESOURCES) && hostPorts.length + generics.length === 0,
    resources,
    generics,
    hostPorts,
    classConstraints,
    nodeConstraints: constraints.filter((c) => NODE_KEYS.has(c.key)),
    platforms,
    networkPlugins,
    spreadOver: (placement.Preferences ?? []).flatMap((p) => p.Spread?.SpreadDescriptor ?? []),
    maxPerNode: placement.MaxReplicas ?? 0,
    requirement: requirementOf({ classConstraints, platforms, networkPlugins }),
  };
}

/** `tcp/8080` for each port that tasks of the revision bind on their host. */
export function hostPortsOf({ hostPorts = [] }: Revision): readonly string[] {
  return hostPorts
    .filter((port) => (port.PublishedPort ?? 0) !== 0)
    .map((port) => `${port.Protocol ?? "tcp"}/${port.PublishedPort ?? 0}`);
}

function requirementOf(
  asked: Pick<Demand, "classConstraints" | "platforms" | "networkPlugins">,
): string {
  // Most services ask for nothing: worth a short cut.
  if (Object.values(asked).every(({ length }) => length === 0)) return "";
  return canonicalText(asked);
}
