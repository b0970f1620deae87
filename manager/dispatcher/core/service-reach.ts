/**
 * What one service gives to be reached by: on each network its tasks' addresses, its virtual ones
 * and the names for both; and the ports that every node answers on for it. Names and connections
 * are led to tasks that run and are healthy, and that nobody is about to stop.
 */
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { NetworkId, ServiceId } from "../../../shared/model/ids.js";
import { localPorts } from "../../../shared/model/local-ports.js";
import { macOf } from "../../../shared/model/mac-address.js";
import {
  isIngress,
  isRemoved,
  type Network,
  overlayTargets,
} from "../../../shared/model/network.js";
import type { Endpoint, IngressPort, NetworkService } from "../../../shared/model/node-networks.js";
import { serviceName } from "../../../shared/model/service.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { taskName } from "../../store/core/task-name.js";
import type { StoreView } from "../../store/core/view.js";

export interface ServiceReach {
  readonly networks: ReadonlyMap<NetworkId, NetworkShare>;
  readonly ports: readonly IngressPort[];
}

/** The service's part of one network. */
export interface NetworkShare {
  readonly endpoints: readonly Endpoint[];
  /** Absent on the ingress network, where nothing is called by its name, and once it was removed. */
  readonly service?: NetworkService;
}

/** As much of a container's id as it calls itself by (Docker's host name). */
export const SHORT_ID_LENGTH = 12;

export const UNREACHED: ServiceReach = { networks: new Map(), ports: [] };

/** Tasks in the order of their ids, ports as the service lists them. */
export function reachOf(view: StoreView, serviceId: ServiceId): ServiceReach {
  const placed = view.tasksOfService(serviceId).filter(isOnTheWire).map(place(view));
  const networkIds = new Set([
    ...placed.flatMap(({ task }) => (task.addresses ?? []).map(({ networkId }) => networkId)),
    ...namedNetworks(view, serviceId),
  ]);
  const networks = new Map<NetworkId, NetworkShare>();
  for (const networkId of networkIds) {
    const network = view.network(networkId);
    if (network === undefined) continue;
    const endpoints = placed.flatMap((one) => endpointOn(networkId, one));
    if (isIngress(network)) {
      networks.set(networkId, { endpoints: endpoints.map((one) => ({ ...one, names: [] })) });
      continue;
    }
    const service = serviceOn(view, serviceId, networkId, endpoints);
    networks.set(networkId, { endpoints, ...(service && { service }) });
  }
  return { networks, ports: portsOf(view, serviceId, networks) };
}

/** Whether a change of the task can change what its service is reached by. */
export function isReached(task: Task | undefined): boolean {
  return task?.addresses !== undefined && task.nodeId !== undefined;
}

/**
 * Connections are led to it, if its node is there. That it runs says that it was healthy, too.
 */
export function isServing({ status, desired }: Task): boolean {
  const isHealthy = status.container?.isUnhealthy !== true;
  return status.state === "running" && isHealthy && isWanted(desired);
}

interface PlacedTask {
  readonly task: Task & Required<Pick<Task, "nodeId">>;
  readonly names: readonly string[];
  readonly state: Endpoint["state"];
}

function isOnTheWire(task: Task): task is PlacedTask["task"] {
  return isReached(task) && isPlaced(task) && !isTerminal(task.status.state);
}

function place(view: StoreView): (task: PlacedTask["task"]) => PlacedTask {
  return (task) => {
    const isHere = view.node(task.nodeId)?.status.state !== "down";
    // Nobody may ask for one that does not serve: hosts need not hear of its names.
    if (!isHere || !isServing(task)) return { task, names: [], state: "silent" };
    const containerId = task.status.container?.containerId.slice(0, SHORT_ID_LENGTH);
    const names = [taskName(view, task), ...(containerId === undefined ? [] : [containerId])];
    return { task, names, state: "serving" };
  };
}

function endpointOn(networkId: NetworkId, { task, names, state }: PlacedTask): readonly Endpoint[] {
  const { id: taskId, nodeId, addresses: all = [] } = task;
  const addresses = all.find((one) => one.networkId === networkId)?.addresses ?? [];
  if (addresses.length === 0) return [];
  return [{ taskId, nodeId, mac: macOf(addresses), addresses, names, state }];
}

/** Those that it asks for now; tasks of an earlier revision may be on others. */
function namedNetworks(view: StoreView, serviceId: ServiceId): readonly NetworkId[] {
  const template = presentTemplate(view, serviceId);
  return template === undefined ? [] : overlayTargets(template);
}

function presentTemplate(view: StoreView, serviceId: ServiceId): TaskSpec | undefined {
  const service = view.service(serviceId);
  return service && view.revision(serviceId, service.revision)?.template;
}

function serviceOn(
  view: StoreView,
  serviceId: ServiceId,
  networkId: NetworkId,
  endpoints: readonly Endpoint[],
): NetworkService | undefined {
  const service = view.service(serviceId);
  if (service === undefined) return undefined;
  const { Networks: attachments = [] } = presentTemplate(view, serviceId) ?? {};
  const aliases = attachments
    .filter(({ Target: target }) => target === networkId)
    .flatMap(({ Aliases: named = [] }) => named);
  return {
    serviceId,
    name: serviceName(service.frame),
    aliases: [...new Set(aliases)],
    vips: service.endpoint?.vips.find((vip) => vip.networkId === networkId)?.addresses ?? [],
    backends: servingAddresses(endpoints),
  };
}

function servingAddresses(endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.flatMap(({ state, addresses }) => (state === "serving" ? addresses : []));
}

function portsOf(
  view: StoreView,
  serviceId: ServiceId,
  networks: ReadonlyMap<NetworkId, NetworkShare>,
): readonly IngressPort[] {
  const service = view.service(serviceId);
  const published = (service?.endpoint?.ports ?? []).filter(isInMesh);
  if (published.length === 0) return [];
  const local = localPorts(service?.frame.Labels);
  const share = [...networks].find(([id]) => isPresentIngress(view.network(id)))?.[1];
  const backends = (share?.endpoints ?? [])
    .filter(({ state }) => state === "serving")
    .flatMap(({ nodeId, addresses }) => addresses.map((address) => ({ address, nodeId })));
  return published.map(
    ({
      Protocol: protocol = "tcp",
      PublishedPort: publishedPort = 0,
      TargetPort: targetPort = 0,
    }) => {
      const isLocal = local?.has({ published: publishedPort, protocol }) === true;
      const spread = isLocal ? "local" : "cluster";
      return { protocol, publishedPort, targetPort, spread, backends } as const;
    },
  );
}

function isPresentIngress(network: Network | undefined): boolean {
  return network !== undefined && isIngress(network) && !isRemoved(network);
}

function isInMesh({ PublishMode, PublishedPort = 0 }: EndpointPortConfig): boolean {
  return PublishMode !== "host" && PublishedPort > 0;
}

/**
 * What of `after` is the same as `before` is the same object, so that what was made of it stands;
 * `before` itself, where all is.
 */
export function keepSame(before: ServiceReach, after: ServiceReach): ServiceReach {
  const networks = new Map<NetworkId, NetworkShare>();
  for (const [id, share] of after.networks) {
    const known = before.networks.get(id);
    networks.set(id, known !== undefined && isSame(known, share) ? known : share);
  }
  const ports = isSame(before.ports, after.ports) ? before.ports : after.ports;
  const isUnchanged =
    ports === before.ports &&
    networks.size === before.networks.size &&
    [...networks].every(([id, share]) => before.networks.get(id) === share);
  return isUnchanged ? before : { networks, ports };
}

function isSame(before: unknown, after: unknown): boolean {
  return canonicalText(before) === canonicalText(after);
}
