/**
 * Two hosts with an overlay and the ingress network between them, and what each is told of it, for
 * tests that ask the kernel whether it holds.
 */
import type { NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type {
  Endpoint,
  IngressPort,
  NetworkService,
  NodeNetworks,
  OverlayNetwork,
} from "../../shared/model/node-networks.js";

export interface TestTask {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  readonly address: string;
}

export const HOSTS = [
  { nodeId: "node1" as NodeId, address: "192.0.2.1" },
  { nodeId: "node2" as NodeId, address: "192.0.2.2" },
] as const;
const FIRST_GATEWAY = 251;

export interface TestNetwork {
  readonly name: string;
  readonly vni: number;
  readonly kind: "overlay" | "ingress";
  /** The first three bytes of its /24. */
  readonly net: string;
  readonly tasks: readonly TestTask[];
  readonly services?: readonly NetworkService[];
}

/** As the managers would tell the node. */
export function toldTo(
  nodeId: NodeId,
  networks: readonly TestNetwork[],
  ports: readonly IngressPort[] = [],
): NodeNetworks {
  const host = HOSTS.find((one) => one.nodeId === nodeId) ?? HOSTS[0];
  return {
    underlay: { address: host.address, port: 4789 },
    networks: networks.map((network) => networkFor(nodeId, network)),
    ports,
  };
}

/** With a subnet of IPv6 for each overlay: `fd00:1::/64` for the second network, and so on. */
export function withIpv6(told: NodeNetworks): NodeNetworks {
  const networks = told.networks.map((network, number) => {
    const ipv6 = { cidr: `fd00:${number}::/64`, gateway: `fd00:${number}::1` };
    const has = network.kind === "overlay";
    return has ? { ...network, subnets: [...network.subnets, ipv6] } : network;
  });
  return { ...told, networks };
}

function networkFor(nodeId: NodeId, network: TestNetwork): OverlayNetwork {
  const { name, vni, kind, net, tasks, services = [] } = network;
  return {
    networkId: `id-of-${name}`,
    name,
    vni,
    kind,
    exit: "open",
    subnets: [{ cidr: `${net}.0/24`, gateway: gatewayOf(network, nodeId) }],
    gatewayMac: macOf(gatewayOf(network, nodeId)),
    peers: HOSTS.filter((host) => host.nodeId !== nodeId).map((host) => {
      const gateway = gatewayOf(network, host.nodeId);
      return {
        nodeId: host.nodeId,
        underlay: host.address,
        gatewayMac: macOf(gateway),
        gateways: [gateway],
      };
    }),
    endpoints: tasks.map(endpointOf),
    services,
  };
}

export function gatewayOf({ net }: Pick<TestNetwork, "net">, nodeId: NodeId): string {
  return `${net}.${FIRST_GATEWAY + HOSTS.findIndex((host) => host.nodeId === nodeId)}`;
}

function endpointOf({ taskId, nodeId, address }: TestTask): Endpoint {
  return {
    taskId,
    nodeId,
    mac: macOf(address),
    addresses: [address],
    names: [taskId],
    state: "serving",
  };
}

export function serviceOf(name: string, vip: string, backends: readonly string[]): NetworkService {
  return { serviceId: `id-of-${name}` as ServiceId, name, aliases: [], vips: [vip], backends };
}

/** As Docker makes it of the address. */
export function macOf(address: string): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return ["02", "42", ...bytes].join(":");
}
