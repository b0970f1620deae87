/**
 * Which way packets take from one task to another, as the cluster has it: the name, what it stands
 * for, and the hosts and devices between the two.
 */
import type { NetworkServiceInfo, PeerInfo } from "../../../shared/docker-api/network.js";

/** A task's place on a network. */
export interface Stop {
  readonly name: string;
  readonly host: string;
  readonly address: string;
  readonly state: string;
}

/** Of a network that the traced task is on; `services`, `peers`: as `network inspect --verbose`. */
export interface TracedNetwork {
  readonly name: string;
  readonly vni: number;
  readonly services: Readonly<Record<string, NetworkServiceInfo>>;
  readonly peers: readonly PeerInfo[];
}

export interface Target {
  readonly network: TracedNetwork;
  /** What the name stands for, in words. */
  readonly meaning: string;
  /** Where the name stands for a virtual address. */
  readonly vip?: string;
  readonly stops: readonly Stop[];
}

/** @param host a name or an address; undefined where no network of the task knows it */
export function findTarget(host: string, networks: readonly TracedNetwork[]): Target | undefined {
  const name = host.toLowerCase();
  for (const network of networks) {
    const bare = name.endsWith(`.${network.name}`) ? name.slice(0, -network.name.length - 1) : name;
    for (const [service, info] of Object.entries(network.services)) {
      const found = ofService(network, service, info, bare);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function ofService(
  network: TracedNetwork,
  service: string,
  info: NetworkServiceInfo,
  name: string,
): Target | undefined {
  const vips = (info.VIP ?? "").split(" ").filter((vip) => vip !== "");
  const own = service.toLowerCase();
  const vip = vips.find((one) => one === name) ?? (name === own ? vips[0] : undefined);
  const stopsIn = (family: string): Stop[] =>
    (info.Tasks ?? []).map((task) => stopOf(task, (address) => isIpv6(address) === isIpv6(family)));
  if (vip !== undefined) {
    const meaning = `${vip} is the virtual address of service ${service} on ${network.name}`;
    return { network, meaning, vip, stops: stopsIn(vip) };
  }
  if (name === own || name === `tasks.${own}`) {
    const meaning = `${name} is each task of service ${service} on ${network.name}`;
    return { network, meaning, stops: stopsIn(IPV4) };
  }
  const stop = stopsIn(name).find((one) => one.name.toLowerCase() === name || one.address === name);
  if (stop === undefined) return undefined;
  return { network, meaning: `${name} is task ${stop.name} on ${network.name}`, stops: [stop] };
}

/** An example of its family. */
const IPV4 = "0.0.0.0";

function isIpv6(address: string): boolean {
  return address.includes(":");
}

function stopOf(
  task: NonNullable<NetworkServiceInfo["Tasks"]>[number],
  isMeant: (address: string) => boolean,
): Stop {
  const { Name: name = "", EndpointIP: addresses = "", Info: info = {} } = task;
  const address = addresses.split(" ").find(isMeant) ?? addresses;
  return { name, address, host: info["Host"] ?? "", state: info["State"] ?? "" };
}

/** From a task on `fromHost`: through which devices, and to which host. */
export function wayTo(stop: Stop, fromHost: string, { vni, peers }: TracedNetwork): string {
  if (stop.host === fromHost) return `same host, over the bridge skep${vni}`;
  const underlay = peers.find(({ Name: name }) => name === stop.host)?.IP;
  if (underlay === undefined) return `${stop.host} is no peer on this network: nothing leads there`;
  return `${stop.host} (${underlay}), over the bridge skep${vni} and the VXLAN device skvx${vni} (VNI ${vni})`;
}
