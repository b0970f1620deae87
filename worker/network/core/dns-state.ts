/**
 * What the answerer of names knows: which names there are on each network, who asks from which
 * address, and where it listens. Computed whole from what the node was told, written to a file, and
 * read by a process that outlives ours; so it is plain JSON.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import type {
  Endpoint,
  NodeNetworks,
  OverlayNetwork,
} from "../../../shared/model/node-networks.js";

export interface NameState {
  /** This node's gateway address on each network. */
  readonly listen: readonly string[];
  readonly networks: readonly NetworkNames[];
  readonly askers: readonly Asker[];
}

export interface NetworkNames {
  readonly networkId: string;
  readonly name: string;
  /** In lower case, each with its addresses; those of services first. */
  readonly names: readonly (readonly [string, readonly string[]])[];
  /** For the way back: one name for each address. */
  readonly pointers: readonly (readonly [string, string])[];
}

/** A task of this node. */
export interface Asker {
  readonly addresses: readonly string[];
  /** Those that it is on, in the order in which names are looked for. */
  readonly networkIds: readonly string[];
  /** `programmed`: virtual addresses lead somewhere in its namespace; before, it must wait. */
  readonly namespace: "programmed" | "bare";
  /** Of its own choice, for other names; none: the host's. */
  readonly resolvers: readonly string[];
}

/**
 * @param tasks of this node that have a namespace, or will have one soon
 * @param networks where they are computed already
 */
export function nameState(
  node: NodeNetworks,
  tasks: ReadonlyMap<TaskId, Pick<Asker, "namespace" | "resolvers">>,
  networks: readonly NetworkNames[] = networkNames(node),
): NameState {
  return {
    listen: node.networks.flatMap(({ subnets }) => subnets.map(({ gateway }) => gateway)),
    networks,
    askers: askersOf(node, tasks),
  };
}

/** The larger part of it, which depends on nothing that the host does. */
export function networkNames({ networks }: NodeNetworks): readonly NetworkNames[] {
  return networks.map((network) => ({
    networkId: network.networkId,
    name: network.name.toLowerCase(),
    names: [...namesOf(network)],
    pointers: pointersOf(network),
  }));
}

/** Nothing of a task that does not serve: its address must not be found. */
function namesOf({ services, endpoints }: OverlayNetwork): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const { name, vips, backends } of services) {
    names.set(name.toLowerCase(), vips.length > 0 ? vips : backends);
    names.set(`tasks.${name.toLowerCase()}`, backends);
  }
  const shared = new Map<string, readonly string[]>();
  const share = (name: string, addresses: readonly string[]): void => {
    const key = name.toLowerCase();
    const known = shared.get(key);
    shared.set(key, known === undefined ? addresses : [...new Set([...known, ...addresses])]);
  };
  for (const { aliases, vips, backends } of services) {
    for (const alias of aliases) share(alias, vips.length > 0 ? vips : backends);
  }
  for (const { names: own, addresses } of endpoints.filter(isServing)) {
    for (const name of own) share(name, addresses);
  }
  // A service's own name is its own, whatever others call themselves.
  for (const [name, addresses] of shared) if (!names.has(name)) names.set(name, addresses);
  return names;
}

function pointersOf({ services, endpoints, name: network }: OverlayNetwork): [string, string][] {
  const pointers = services.flatMap(({ name, vips }) =>
    vips.map((vip): [string, string] => [vip, `${name}.${network}`]),
  );
  const tasks = endpoints
    .filter(isServing)
    .flatMap(({ names: [name], addresses }) =>
      name === undefined
        ? []
        : addresses.map((address): [string, string] => [address, `${name}.${network}`]),
    );
  return [...pointers, ...tasks];
}

function isServing({ state }: Endpoint): boolean {
  return state === "serving";
}

function askersOf(
  { networks }: NodeNetworks,
  tasks: ReadonlyMap<TaskId, Pick<Asker, "namespace" | "resolvers">>,
): Asker[] {
  const found = new Map<TaskId, { addresses: string[]; networkIds: string[] }>();
  for (const { networkId, endpoints } of networks) {
    for (const { taskId, addresses } of endpoints) {
      if (!tasks.has(taskId)) continue;
      const asker = found.get(taskId) ?? { addresses: [], networkIds: [] };
      asker.addresses.push(...addresses);
      asker.networkIds.push(networkId);
      found.set(taskId, asker);
    }
  }
  return [...found].map(([taskId, asker]) => {
    const { namespace = "bare", resolvers = [] } = tasks.get(taskId) ?? {};
    return { ...asker, namespace, resolvers };
  });
}
