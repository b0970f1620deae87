/** Networks as the API shows them: those that every host has, and those of the cluster. */
import type {
  EndpointResource,
  NetworkInspect,
  SubnetStatus,
} from "../../../shared/docker-api/network.js";
import type { NetworkAttachment } from "../../../shared/docker-api/task.js";
import type { NetworkId } from "../../../shared/model/ids.js";
import { offsetIn, rangeOf } from "../../../shared/model/ip-address.js";
import { macOf } from "../../../shared/model/mac-address.js";
import {
  isIngress,
  type Network,
  type NetworkAddresses,
  networkName,
} from "../../../shared/model/network.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import { poolSize } from "../../allocator/core/address-pool.js";
import type { StoreView } from "../../store/core/view.js";
import { showTime } from "./show-time.js";

export interface ShownNetwork {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: "local" | "swarm";
  readonly Driver: string;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: null;
    readonly Config: readonly never[];
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: { readonly Network: "" };
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, never>>;
  readonly Options: Readonly<Record<string, never>>;
  readonly Labels: Readonly<Record<string, never>>;
}

/** The name is the id: it is the same network on every host. */
export function showPredefinedNetwork(name: string): ShownNetwork {
  return {
    Name: name,
    Id: name,
    Created: showTime(Number.NaN),
    Scope: "swarm",
    Driver: name === "none" ? "null" : name,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: {},
    Options: {},
    Labels: {},
  };
}

/** A network of the cluster's own, with the use of its subnets. */
export function showNetwork(view: StoreView, network: Network): NetworkInspect {
  const { spec } = network;
  return {
    Name: networkName(spec),
    Id: network.id,
    Created: showTime(network.createdAtMs),
    Scope: "swarm",
    Driver: "overlay",
    EnableIPv4: true,
    EnableIPv6: network.subnets.some(({ cidr }) => rangeOf(cidr).family === "ipv6"),
    IPAM: {
      Driver: "default",
      Config: network.subnets.map(({ cidr, range, gateway }) => ({
        Subnet: cidr,
        ...(range !== undefined && { IPRange: range }),
        ...(gateway !== undefined && { Gateway: gateway }),
      })),
    },
    Internal: spec.Internal === true,
    Attachable: spec.Attachable === true,
    Ingress: isIngress(network),
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Options: {
      ...spec.Options,
      "com.docker.network.driver.overlay.vxlanid_list": `${network.vni}`,
    },
    Containers: containersOn(view, network),
    Labels: { ...spec.Labels },
    Status: { IPAM: { Subnets: useOf(view, network) } },
  };
}

/** Those that users attached, on whichever host. */
function containersOn(view: StoreView, network: Network): Record<string, EndpointResource> {
  const shown = view.attachments().flatMap((attachment) => {
    const { addresses: all = [], containerId, containerName: Name, id } = attachment;
    const addresses = all.find(({ networkId }) => networkId === network.id)?.addresses ?? [];
    if (containerId === "" || addresses.length === 0) return [];
    const ofFamily = (family: "ipv4" | "ipv6"): string => {
      const address = addresses.find((one) => one.includes(":") === (family === "ipv6"));
      return address === undefined ? "" : withPrefix(network, address);
    };
    const [IPv4Address, IPv6Address] = [ofFamily("ipv4"), ofFamily("ipv6")];
    const MacAddress = macOf(addresses);
    return [[containerId, { Name, EndpointID: id, MacAddress, IPv4Address, IPv6Address }] as const];
  });
  return Object.fromEntries(shown);
}

function useOf(view: StoreView, network: Network): Record<string, SubnetStatus> {
  const held = heldOn(view, network.id);
  return Object.fromEntries(
    network.subnets.map((subnet) => {
      const range = rangeOf(subnet.cidr);
      const IPsInUse = held.filter((address) => offsetIn(range, address) !== undefined).length;
      const DynamicIPsAvailable = Math.max(0, poolSize(subnet) - IPsInUse);
      return [subnet.cidr, { IPsInUse, DynamicIPsAvailable }];
    }),
  );
}

function heldOn(view: StoreView, id: NetworkId): readonly string[] {
  const on = (all: readonly NetworkAddresses[] = []): readonly string[] =>
    all.flatMap(({ networkId, addresses }) => (networkId === id ? addresses : []));
  return [
    ...view.nodes().flatMap(({ gateways }) => on(gateways)),
    ...view.services().flatMap(({ endpoint }) => on(endpoint?.vips)),
    ...view.attachments().flatMap(({ addresses }) => on(addresses)),
    ...view.tasks().flatMap((task) => (isTerminal(task.status.state) ? [] : on(task.addresses))),
  ];
}

/** `10.240.1.5/24`: with the length of its subnet's prefix, as Docker shows addresses. */
export function withPrefix(network: Network | undefined, address: string): string {
  const home = network?.subnets.find(({ cidr }) => offsetIn(rangeOf(cidr), address) !== undefined);
  return home === undefined ? address : `${address}/${rangeOf(home.cidr).bits}`;
}

/** A network as the tasks on it show it: the cluster's own form. */
export function showAttachment(
  view: StoreView,
  { networkId, addresses }: NetworkAddresses,
): NetworkAttachment {
  const network = view.network(networkId);
  const Addresses = addresses.map((address) => withPrefix(network, address));
  if (network === undefined) return { Network: { ID: networkId }, Addresses };
  const Configs = network.subnets.map(({ cidr, gateway }) => ({
    Subnet: cidr,
    ...(gateway !== undefined && { Gateway: gateway }),
  }));
  const driver = { Name: "overlay" };
  return {
    Network: {
      ID: network.id,
      Version: { Index: network.version },
      CreatedAt: showTime(network.createdAtMs),
      UpdatedAt: showTime(network.updatedAtMs),
      Spec: {
        Name: networkName(network.spec),
        Labels: { ...network.spec.Labels },
        DriverConfiguration: driver,
        Ingress: isIngress(network),
        Scope: "swarm",
      },
      DriverState: {
        ...driver,
        Options: { "com.docker.network.driver.overlay.vxlanid_list": `${network.vni}` },
      },
      IPAMOptions: { Driver: { Name: "default" }, Configs },
    },
    Addresses,
  };
}
