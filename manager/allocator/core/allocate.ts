/**
 * What is to be given: to a service its addresses and ports, to a task its addresses, to a node
 * its own address on each network that it serves. Level-triggered: made from the present view,
 * and nothing where everything is as it should be.
 */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import {
  isIngress,
  isRemoved,
  type Network,
  type NetworkAddresses,
  overlayTargets,
  type ServiceEndpoint,
} from "../../../shared/model/network.js";
import { hasNetworkPlugin, type Node } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type { Service } from "../../../shared/model/service.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import type { Task } from "../../../shared/model/task.js";
import { isWanted } from "../../../shared/model/task-state.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import type { Holdings } from "./holdings.js";
import { DYNAMIC_PORT_MAX, DYNAMIC_PORT_MIN, isMeshPort, keyOf } from "./port-pool.js";

/** What is read and what is taken from; one decision sees what the one before it took. */
export interface Allocation {
  readonly view: StoreView;
  readonly holdings: Holdings;
  /** Monotonic. */
  readonly nowMs: number;
  /** Wall clock of the command. */
  readonly atMs: number;
}

/** `wanting`: something is missing; to be tried again when something was given back. */
export interface Decision {
  readonly change?: Change;
  readonly outcome: "settled" | "wanting";
}

const SETTLED: Decision = { outcome: "settled" };

function ingressNetwork(view: StoreView): Network | undefined {
  return view.networks().find((network) => isIngress(network) && !isRemoved(network));
}

function presentNetwork(view: StoreView, id: NetworkId): Network | undefined {
  const network = view.network(id);
  return network === undefined || isRemoved(network) ? undefined : network;
}

/** The networks that tasks of the revision are on, as far as these are there. */
function networksOf(view: StoreView, revision: Revision): readonly Network[] {
  const ingress = revision.mesh === undefined ? undefined : ingressNetwork(view);
  const named = overlayTargets(revision.template).flatMap((id) => presentNetwork(view, id) ?? []);
  return ingress === undefined ? named : [ingress, ...named];
}

/** Whether a task of the revision waits for the allocator before it can be placed. */
export function needsAddresses(view: StoreView, revision: Revision): boolean {
  if (overlayTargets(revision.template).length > 0) return true;
  return revision.mesh !== undefined && ingressNetwork(view) !== undefined;
}

export function allocateService(allocation: Allocation, id: ServiceId): Decision {
  const service = allocation.view.service(id);
  const revision = service && allocation.view.revision(id, service.revision);
  if (service === undefined || revision === undefined) return SETTLED;
  const endpoint = endpointOf(allocation, service, revision);
  const outcome = endpoint?.error === undefined ? "settled" : "wanting";
  if (canonicalText(endpoint ?? null) === canonicalText(service.endpoint ?? null))
    return { outcome };
  const given = endpoint === undefined ? {} : { endpoint };
  return { change: { kind: "allocate-service", serviceId: id, ...given }, outcome };
}

export function allocateTask(allocation: Allocation, id: TaskId): Decision {
  const { view } = allocation;
  const task = view.task(id);
  if (task?.status.state !== "new" || !isWanted(task.desired)) return SETTLED;
  const revision = view.revision(task.serviceId, task.revision);
  if (revision === undefined) return SETTLED;
  const gone = overlayTargets(revision.template).find(
    (target) => presentNetwork(view, target) === undefined,
  );
  if (gone !== undefined) return refuse(allocation, task, `network ${gone} is no longer there`);
  const error = view.service(task.serviceId)?.endpoint?.error;
  if (error !== undefined) return refuse(allocation, task, error);
  const addresses: NetworkAddresses[] = [];
  for (const network of networksOf(view, revision)) {
    const taken = allocation.holdings.take(network, "task", allocation.nowMs);
    if (taken.kind === "full") {
      for (const one of addresses) allocation.holdings.putBack(one);
      return refuse(allocation, task, taken.reason);
    }
    addresses.push({ networkId: network.id, addresses: taken.addresses });
  }
  const message = "pending task scheduling";
  return { change: { kind: "allocate-task", taskId: id, addresses, message }, outcome: "settled" };
}

/** A host whose kernel cannot have overlays serves none. */
export function allocateNode(allocation: Allocation, id: NodeId): Decision {
  const { view, holdings, nowMs } = allocation;
  const node = view.node(id);
  if (node === undefined) return SETTLED;
  const present = new Map((node.gateways ?? []).map((one) => [one.networkId, one.addresses]));
  let outcome: Decision["outcome"] = "settled";
  const gateways = networksServedBy(view, node).flatMap((network) => {
    const own = present.get(network.id) ?? [];
    const addresses = holdings.takeGateways(network, own, nowMs);
    if (addresses.length < network.subnets.length) outcome = "wanting";
    return addresses.length === 0 ? [] : [{ networkId: network.id, addresses }];
  });
  if (canonicalText(gateways) === canonicalText(node.gateways ?? [])) return { outcome };
  return { change: { kind: "allocate-node", nodeId: id, gateways }, outcome };
}

/**
 * Those that its tasks are on, ended ones included: a bridge that went with each restart of a
 * task would be made again a moment later. All nodes that can serve the ingress.
 */
function networksServedBy(view: StoreView, node: Node): readonly Network[] {
  if (!hasNetworkPlugin(node, "overlay")) return [];
  const ids = new Set(
    [
      ...view.tasksOfNode(node.id),
      ...view.attachments().filter(({ nodeId }) => nodeId === node.id),
    ].flatMap(({ addresses = [] }) => addresses.map(({ networkId }) => networkId)),
  );
  return view.networks().filter((network) => isIngress(network) || ids.has(network.id));
}

/** The task stays `new`, with the reason. */
function refuse({ atMs }: Allocation, task: Task, reason: string): Decision {
  if (task.status.error === reason) return { outcome: "wanting" };
  const status = { ...task.status, atMs, error: reason };
  return { change: { kind: "observe-task", taskId: task.id, status }, outcome: "wanting" };
}

function endpointOf(
  allocation: Allocation,
  service: Service,
  revision: Revision,
): ServiceEndpoint | undefined {
  const { Mode: mode = "vip", Ports: wanted = [] } = service.frame.EndpointSpec ?? {};
  const networks = networksOf(allocation.view, revision);
  if (networks.length === 0 && !wanted.some(isMeshPort)) return undefined;
  const ports = givenPorts(allocation, service, wanted);
  const vips = mode === "dnsrr" ? { given: [] } : givenVips(allocation, service, networks);
  const error = ports.error ?? vips.error;
  return { ports: ports.given, vips: vips.given, ...(error !== undefined && { error }) };
}

interface Given<T> {
  readonly given: readonly T[];
  readonly error?: string;
}

function givenVips(
  { holdings, nowMs }: Allocation,
  service: Service,
  networks: readonly Network[],
): Given<NetworkAddresses> {
  const present = new Map((service.endpoint?.vips ?? []).map((vip) => [vip.networkId, vip]));
  const given: NetworkAddresses[] = [];
  for (const network of networks) {
    const own = present.get(network.id);
    if (own !== undefined) {
      given.push(own);
      continue;
    }
    const taken = holdings.take(network, "service", nowMs);
    if (taken.kind === "full") return { given, error: taken.reason };
    given.push({ networkId: network.id, addresses: taken.addresses });
  }
  return { given };
}

/** A port that the cluster chose stays, as long as the service leaves it open. */
function givenPorts(
  { holdings, view, nowMs }: Allocation,
  service: Service,
  wanted: readonly EndpointPortConfig[],
): Given<EndpointPortConfig> {
  const { ports } = holdings;
  const chosenBefore = new Set(service.endpoint?.ports ?? []);
  const given: EndpointPortConfig[] = [];
  for (const port of wanted) {
    if (!isMeshPort(port) || (port.PublishedPort ?? 0) > 0) {
      given.push(port);
      continue;
    }
    const former = [...chosenBefore].find((one) => isChosenFor(one, port, wanted));
    if (former !== undefined) chosenBefore.delete(former);
    const number = former?.PublishedPort ?? ports.choose(port, namedPorts(view), nowMs);
    if (number === undefined) {
      const count = DYNAMIC_PORT_MAX - DYNAMIC_PORT_MIN + 1;
      const error = `no port is left to publish ${keyOf(port.TargetPort ?? 0, port)} on: the ${count} from ${DYNAMIC_PORT_MIN} to ${DYNAMIC_PORT_MAX} are in use; name another one or remove a service`;
      return { given, error };
    }
    const chosen = { ...port, PublishedPort: number };
    ports.hold(service.id, [chosen]);
    given.push(chosen);
  }
  return { given };
}

function isChosenFor(
  former: EndpointPortConfig,
  port: EndpointPortConfig,
  wanted: readonly EndpointPortConfig[],
): boolean {
  const number = former.PublishedPort ?? 0;
  const isNamedNow = wanted.some(
    (one) => keyOf(one.PublishedPort ?? 0, one) === keyOf(number, former),
  );
  return (
    isMeshPort(former) &&
    !isNamedNow &&
    number >= DYNAMIC_PORT_MIN &&
    number <= DYNAMIC_PORT_MAX &&
    former.TargetPort === port.TargetPort &&
    keyOf(0, former) === keyOf(0, port)
  );
}

/** What users ask for by number: theirs, whether it is given already or not. */
function namedPorts(view: StoreView): ReadonlySet<string> {
  return new Set(
    view
      .services()
      .flatMap(({ frame }) => frame.EndpointSpec?.Ports ?? [])
      .filter((port) => (port.PublishedPort ?? 0) > 0)
      .map((port) => keyOf(port.PublishedPort ?? 0, port)),
  );
}
