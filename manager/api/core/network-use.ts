/** Who is on a network, for `network inspect --verbose`: its hosts, its services and their tasks. */
import type { NetworkServiceInfo, PeerInfo } from "../../../shared/docker-api/network.js";
import type { NetworkId } from "../../../shared/model/ids.js";
import { isIngress, type Network, type NetworkAddresses } from "../../../shared/model/network.js";
import { nodeHostname, underlayAddress } from "../../../shared/model/node.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import { taskName } from "../../store/core/task-name.js";
import type { StoreView } from "../../store/core/view.js";

export interface NetworkUse {
  readonly Peers: PeerInfo[];
  readonly Services: Record<string, NetworkServiceInfo>;
}

export function showUse(view: StoreView, network: Network): NetworkUse {
  const services = view
    .services()
    .map((service) => [service, serviceOn(view, service, network)] as const)
    .filter((entry): entry is readonly [Service, NetworkServiceInfo] => entry[1] !== undefined);
  return {
    Peers: peersOn(view, network.id),
    Services: Object.fromEntries(services.map(([{ frame }, info]) => [frame.Name ?? "", info])),
  };
}

/** Hosts that have an address of their own on it. */
function peersOn(view: StoreView, id: NetworkId): PeerInfo[] {
  return view
    .nodes()
    .filter(({ gateways }) => on(gateways, id).length > 0)
    .map((node) => ({ Name: nodeHostname(node), IP: underlayAddress(node) }))
    .toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** @returns undefined where neither the service nor a task of it is there. */
function serviceOn(
  view: StoreView,
  { id, endpoint }: Service,
  network: Network,
): NetworkServiceInfo | undefined {
  // Of a network with IPv6: both, as of its tasks.
  const VIP = on(endpoint?.vips, network.id).join(" ");
  const tasks = view
    .tasksOfService(id)
    .filter((task) => !isTerminal(task.status.state) && on(task.addresses, network.id).length > 0);
  if (VIP === "" && tasks.length === 0) return undefined;
  const published = isIngress(network) ? (endpoint?.ports ?? []) : [];
  return {
    VIP,
    Ports: published.map(
      ({ TargetPort: target = 0, PublishedPort: port = 0, Protocol: protocol = "tcp" }) =>
        `Target: ${target}, Publish: ${port}/${protocol}`,
    ),
    LocalLBIndex: 0,
    Tasks: tasks.map((task) => shownTask(view, task, network.id)),
  };
}

function shownTask(
  view: StoreView,
  task: Task,
  id: NetworkId,
): NonNullable<NetworkServiceInfo["Tasks"]>[number] {
  const node = task.nodeId === undefined ? undefined : view.node(task.nodeId);
  return {
    Name: taskName(view, task),
    EndpointID: task.id,
    EndpointIP: on(task.addresses, id).join(" "),
    Info: { Host: node?.description?.Hostname ?? "", State: task.status.state },
  };
}

function on(all: readonly NetworkAddresses[] = [], id: NetworkId): readonly string[] {
  return all.find(({ networkId }) => networkId === id)?.addresses ?? [];
}
