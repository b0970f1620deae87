/**
 * What each node is to be told of the networks, followed from the store's events. A change marks
 * what it touches, and `settle` works out that again and nothing else: a task costs its service, the
 * networks that it is on and the nodes on these. What did not change stays the same object, down to
 * a single endpoint list, so that who compares need only look at that.
 */
import type { Attachment } from "../../../shared/model/attachment.js";
import { dataPathOf } from "../../../shared/model/cluster.js";
import type { NetworkId, NodeId, ServiceId } from "../../../shared/model/ids.js";
import { offsetIn, rangeOf } from "../../../shared/model/ip-address.js";
import { macOf } from "../../../shared/model/mac-address.js";
import { isIngress, type Network, networkName } from "../../../shared/model/network.js";
import { hasNetworkPlugin, type Node, underlayAddress } from "../../../shared/model/node.js";
import type {
  IngressPort,
  NodeNetworks,
  OverlayNetwork,
  Peer,
  Subnet,
} from "../../../shared/model/node-networks.js";
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { attachedEndpoints } from "./attached-endpoints.js";
import { isReached, keepSame, reachOf, type ServiceReach, UNREACHED } from "./service-reach.js";

/** What all nodes on a network hear alike; peers: with the hearer itself. */
type SharedPart = Pick<OverlayNetwork, "peers" | "endpoints" | "services">;

const MTU_OPTION = "com.docker.network.driver.mtu";

export class NodeNetworksIndex {
  readonly #services = new Map<ServiceId, ServiceReach>();
  readonly #members = new Groups<NetworkId, ServiceId>();
  readonly #served = new Groups<NetworkId, NodeId>();
  readonly #publishers = new Set<ServiceId>();
  readonly #shared = new Map<NetworkId, SharedPart>();
  #ports: readonly IngressPort[] = [];
  readonly #told = new Map<NodeId, NodeNetworks>();
  readonly #dirtyServices = new Set<ServiceId>();
  readonly #dirtyNetworks = new Set<NetworkId>();
  readonly #dirtyNodes = new Set<NodeId>();
  #arePortsDirty = false;

  constructor(view: StoreView) {
    for (const id of view.servicesWithTasks()) this.#dirtyServices.add(id);
    for (const node of view.nodes()) this.#observeNode(undefined, node);
    this.settle(view);
  }

  get isDirty(): boolean {
    return (
      this.#arePortsDirty ||
      this.#dirtyServices.size + this.#dirtyNetworks.size + this.#dirtyNodes.size > 0
    );
  }

  /** Undefined for a node that cannot be on any. As of the last `settle`. */
  of(nodeId: NodeId): NodeNetworks | undefined {
    return this.#told.get(nodeId);
  }

  /** @param view after the event */
  observe(event: StoreEvent, view: StoreView): void {
    switch (event.type) {
      case "cluster":
        if (dataPathOf(event.before).port === dataPathOf(event.after).port) return;
        for (const nodeId of this.#told.keys()) this.#dirtyNodes.add(nodeId);
        return;
      case "network":
        this.#observeNetwork((event.after ?? event.before)?.id);
        return;
      case "node":
        this.#observeNode(event.before, event.after);
        if (isDown(event.before) !== isDown(event.after)) this.#observeTasksOf(event, view);
        return;
      case "attachment":
        this.#observeAttachment(event.before, event.after);
        return;
      case "service":
        this.#observeService((event.after ?? event.before)?.id);
        return;
      case "task":
        if (isReached(event.before) || isReached(event.after))
          this.#observeService((event.after ?? event.before)?.serviceId);
        return;
      case "revision":
        return;
    }
  }

  /** @returns the nodes that have to hear something else than before */
  settle(view: StoreView): ReadonlySet<NodeId> {
    for (const id of this.#dirtyServices) this.#settleService(id, view);
    this.#dirtyServices.clear();
    for (const id of this.#dirtyNetworks) this.#settleNetwork(id, view);
    if (this.#arePortsDirty) this.#settlePorts(view);
    this.#dirtyNetworks.clear();
    this.#arePortsDirty = false;
    const changed = new Set<NodeId>();
    for (const id of this.#dirtyNodes) if (this.#settleNode(id, view)) changed.add(id);
    this.#dirtyNodes.clear();
    return changed;
  }

  #observeNetwork(id: NetworkId | undefined): void {
    if (id !== undefined) this.#dirtyNetworks.add(id);
  }

  #observeService(id: ServiceId | undefined): void {
    if (id !== undefined) this.#dirtyServices.add(id);
  }

  #observeNode(before: Node | undefined, after: Node | undefined): void {
    const id = (after ?? before)?.id;
    if (id === undefined) return;
    const isMoved = (before && underlayAddress(before)) !== (after && underlayAddress(after));
    const isOther = hasOverlays(before) !== hasOverlays(after);
    if (before?.gateways === after?.gateways && !isMoved && !isOther) return;
    this.#dirtyNodes.add(id);
    for (const { networkId } of before?.gateways ?? []) {
      this.#served.delete(networkId, id);
      this.#dirtyNetworks.add(networkId);
    }
    for (const { networkId } of after?.gateways ?? []) {
      this.#served.add(networkId, id);
      this.#dirtyNetworks.add(networkId);
    }
  }

  #observeTasksOf({ before, after }: { before?: Node; after?: Node }, view: StoreView): void {
    const id = (after ?? before)?.id;
    if (id === undefined) return;
    for (const task of view.tasksOfNode(id))
      if (isReached(task)) this.#dirtyServices.add(task.serviceId);
    for (const attachment of view.attachments())
      if (attachment.nodeId === id) this.#observeAttachment(attachment, undefined);
  }

  #observeAttachment(before: Attachment | undefined, after: Attachment | undefined): void {
    for (const { addresses = [] } of [before, after].filter((one) => one !== undefined))
      for (const { networkId } of addresses) this.#dirtyNetworks.add(networkId);
  }

  #settleService(id: ServiceId, view: StoreView): void {
    const before = this.#services.get(id) ?? UNREACHED;
    const after = keepSame(before, reachOf(view, id));
    if (after === before) return;
    for (const networkId of new Set([...before.networks.keys(), ...after.networks.keys()])) {
      if (before.networks.get(networkId) === after.networks.get(networkId)) continue;
      this.#dirtyNetworks.add(networkId);
      if (after.networks.has(networkId)) this.#members.add(networkId, id);
      else this.#members.delete(networkId, id);
    }
    if (after.ports !== before.ports) this.#arePortsDirty = true;
    if (after.ports.length > 0) this.#publishers.add(id);
    else this.#publishers.delete(id);
    if (after.networks.size === 0 && after.ports.length === 0) this.#services.delete(id);
    else this.#services.set(id, after);
  }

  #settleNetwork(id: NetworkId, view: StoreView): void {
    for (const nodeId of this.#served.of(id)) this.#dirtyNodes.add(nodeId);
    const network = view.network(id);
    if (network === undefined) {
      this.#shared.delete(id);
      return;
    }
    const shares = [...this.#members.of(id)]
      .sort()
      .flatMap((serviceId) => this.#services.get(serviceId)?.networks.get(id) ?? []);
    const peers = [...this.#served.of(id)]
      .sort()
      .flatMap((nodeId) => peerOn(network, view.node(nodeId)));
    const before = this.#shared.get(id);
    this.#shared.set(id, {
      peers: keepList(before?.peers, peers),
      endpoints: keepList(before?.endpoints, [
        ...shares.flatMap(({ endpoints }) => endpoints),
        ...attachedEndpoints(view, id),
      ]),
      services: keepList(
        before?.services,
        shares.flatMap(({ service }) => service ?? []),
      ),
    });
  }

  #settlePorts(view: StoreView): void {
    const publishers = [...this.#publishers].sort();
    const ports = publishers.flatMap((id) => this.#services.get(id)?.ports ?? []);
    this.#ports = keepList(this.#ports, ports);
    for (const ingress of view.networks().filter(isIngress))
      for (const nodeId of this.#served.of(ingress.id)) this.#dirtyNodes.add(nodeId);
  }

  #settleNode(id: NodeId, view: StoreView): boolean {
    const before = this.#told.get(id);
    const after = this.#networksOf(view.node(id), view);
    if (after === undefined) return this.#told.delete(id);
    if (before !== undefined && isSame(before, after)) return false;
    this.#told.set(id, after);
    return true;
  }

  #networksOf(node: Node | undefined, view: StoreView): NodeNetworks | undefined {
    const address = node === undefined ? "" : underlayAddress(node);
    if (node === undefined || !hasOverlays(node) || address === "") return undefined;
    const networks = (node.gateways ?? []).flatMap(({ networkId, addresses }) => {
      const network = view.network(networkId);
      const shared = this.#shared.get(networkId);
      if (network === undefined || shared === undefined) return [];
      return overlayFor(node, { network, shared, gateways: addresses });
    });
    const hasIngress = networks.some(({ kind }) => kind === "ingress");
    return {
      underlay: { address, port: dataPathOf(view.cluster()).port },
      networks,
      ports: hasIngress ? this.#ports : [],
    };
  }
}

function overlayFor(
  node: Node,
  on: {
    readonly network: Network;
    readonly shared: SharedPart;
    readonly gateways: readonly string[];
  },
): readonly OverlayNetwork[] {
  const { network, shared, gateways } = on;
  const subnets = network.subnets.flatMap(({ cidr }) => subnetFor(cidr, gateways));
  if (subnets.length === 0) return [];
  const mtu = Number(network.spec.Options?.[MTU_OPTION]);
  return [
    {
      networkId: network.id,
      name: networkName(network.spec),
      vni: network.vni,
      kind: isIngress(network) ? "ingress" : "overlay",
      exit: network.spec.Internal === true ? "closed" : "open",
      subnets,
      ...(mtu > 0 && { mtu }),
      gatewayMac: macOf(gateways),
      ...shared,
      peers: withoutSelf(shared.peers, node.id),
    },
  ];
}

/** None while the node has no address of its own in it. */
function subnetFor(cidr: string, gateways: readonly string[]): readonly Subnet[] {
  const range = rangeOf(cidr);
  const gateway = gateways.find((address) => offsetIn(range, address) !== undefined);
  return gateway === undefined ? [] : [{ cidr, gateway }];
}

function peerOn(network: Network, node: Node | undefined): readonly Peer[] {
  const gateways = node?.gateways?.find(({ networkId }) => networkId === network.id)?.addresses;
  const underlay = node === undefined ? "" : underlayAddress(node);
  if (node === undefined || gateways === undefined || underlay === "") return [];
  return [{ nodeId: node.id, underlay, gatewayMac: macOf(gateways), gateways }];
}

/** The list before, where it says the same. */
function keepList<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  const isUnchanged =
    before?.length === after.length &&
    before.every(
      (one, at) => one === after[at] || JSON.stringify(one) === JSON.stringify(after[at]),
    );
  return isUnchanged ? before : after;
}

/** A node's own list is made once for each list of all. */
const peersOfNodes = new WeakMap<readonly Peer[], Map<NodeId, readonly Peer[]>>();

function withoutSelf(peers: readonly Peer[], self: NodeId): readonly Peer[] {
  const known = peersOfNodes.get(peers) ?? new Map<NodeId, readonly Peer[]>();
  peersOfNodes.set(peers, known);
  const others = known.get(self) ?? peers.filter(({ nodeId }) => nodeId !== self);
  known.set(self, others);
  return others;
}

/** Parts that did not change are the same objects, but for those that are made for the node. */
function isSame(before: NodeNetworks, after: NodeNetworks): boolean {
  return (
    before.ports === after.ports &&
    JSON.stringify(before.underlay) === JSON.stringify(after.underlay) &&
    before.networks.length === after.networks.length &&
    before.networks.every((one, at) => isSameNetwork(one, after.networks[at]))
  );
}

function isSameNetwork(before: OverlayNetwork, after: OverlayNetwork | undefined): boolean {
  if (after === undefined) return false;
  const { peers, endpoints, services, ...own } = before;
  const { peers: nowPeers, endpoints: nowEndpoints, services: nowServices, ...nowOwn } = after;
  return (
    peers === nowPeers &&
    endpoints === nowEndpoints &&
    services === nowServices &&
    JSON.stringify(own) === JSON.stringify(nowOwn)
  );
}

function hasOverlays(node: Node | undefined): boolean {
  return node !== undefined && hasNetworkPlugin(node, "overlay");
}

function isDown(node: Node | undefined): boolean {
  return node?.status.state === "down";
}

class Groups<Key, Member> {
  readonly #groups = new Map<Key, Set<Member>>();

  of(key: Key): ReadonlySet<Member> {
    return this.#groups.get(key) ?? new Set();
  }

  add(key: Key, member: Member): void {
    const group = this.#groups.get(key) ?? new Set();
    this.#groups.set(key, group.add(member));
  }

  delete(key: Key, member: Member): void {
    const group = this.#groups.get(key);
    group?.delete(member);
    if (group?.size === 0) this.#groups.delete(key);
  }
}
