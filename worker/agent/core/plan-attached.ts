/**
 * What has to be done about the containers of this host's user that are on networks of the cluster:
 * wanted is what the engine has, present what the managers say. Nothing where both agree.
 */
import type { NetworkId, TaskId } from "../../../shared/model/ids.js";
import type { NodeNetworks } from "../../../shared/model/node-networks.js";

/** As the engine has it. */
export interface SeenContainer {
  readonly attachmentId: TaskId;
  readonly networks: readonly { readonly networkId: string }[];
}

/** Networks of each attachment of this node, as the managers say. */
export type ToldAttachments = ReadonlyMap<TaskId, ReadonlySet<string>>;

export interface AttachedPlan<Container extends SeenContainer> {
  /** The managers do not know it, or not of all of its networks. */
  readonly claim: readonly Container[];
  /** Nothing is left of these, or they are on these networks no longer; none: on no network. */
  readonly release: readonly Release[];
}

export interface Release {
  readonly attachmentId: TaskId;
  readonly networkIds: readonly NetworkId[];
}

/** @param busy is being made just now: what there is of it is not what there will be */
export function planAttached<Container extends SeenContainer>(
  seen: readonly Container[],
  told: ToldAttachments,
  busy: ReadonlySet<TaskId>,
): AttachedPlan<Container> {
  const present = new Map(seen.map((one) => [one.attachmentId, one]));
  const release = [...told]
    .filter(([attachmentId]) => !busy.has(attachmentId))
    .flatMap(([attachmentId, toldOf]) => {
      const container = present.get(attachmentId);
      if (container === undefined) return [{ attachmentId, networkIds: [] }];
      const on = networksOf(container);
      const networkIds = [...toldOf].filter((id) => !on.has(id)) as NetworkId[];
      return networkIds.length === 0 ? [] : [{ attachmentId, networkIds }];
    });
  const claim = seen.filter((container) => {
    if (busy.has(container.attachmentId)) return false;
    const toldOf = told.get(container.attachmentId) ?? new Set();
    return [...networksOf(container)].some((id) => !toldOf.has(id));
  });
  return { claim, release };
}

export function toldAttachments(node: NodeNetworks, nodeId: string): ToldAttachments {
  const told = new Map<TaskId, Set<string>>();
  for (const { networkId, endpoints } of node.networks)
    for (const { kind, nodeId: home, taskId } of endpoints) {
      if (kind !== "attachment" || home !== nodeId) continue;
      const networks = told.get(taskId) ?? new Set();
      told.set(taskId, networks.add(networkId));
    }
  return told;
}

/** Those of this node that the managers take to run. */
export function toldServing({ networks }: NodeNetworks, nodeId: string): ReadonlySet<TaskId> {
  const own = networks
    .flatMap(({ endpoints }) => endpoints)
    .filter((one) => one.kind === "attachment" && one.nodeId === nodeId);
  return new Set(own.filter(({ state }) => state === "serving").map(({ taskId }) => taskId));
}

function networksOf({ networks }: SeenContainer): ReadonlySet<string> {
  return new Set(networks.map(({ networkId }) => networkId));
}
