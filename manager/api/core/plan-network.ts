/**
 * The gate for networks: from a request to the change that the store is asked for, with
 * the network's VXLAN and subnets chosen.
 */
import type { IPAMConfig, NetworkCreateRequest } from "../../../shared/docker-api/network.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NameConflictError,
  PermissionDeniedError,
  UnimplementedError,
} from "../../../shared/errors/cluster-error.js";
import { type Cluster, dataPathOf } from "../../../shared/model/cluster.js";
import type { NetworkId } from "../../../shared/model/ids.js";
import {
  addressAt,
  offsetIn,
  overlaps,
  parseRange,
  rangeOf,
  rangeOfAddress,
  rangeText,
} from "../../../shared/model/ip-address.js";
import {
  isIngress,
  isRemoved,
  type Network,
  networkName,
  type NetworkSubnet,
  PREDEFINED_NETWORKS,
} from "../../../shared/model/network.js";
import { isIpv6 } from "../../../shared/model/node-networks.js";
import { freeSubnet, subnetCount } from "../../allocator/core/subnet-pool.js";
import { freeVni } from "../../allocator/core/vni-pool.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { findNetwork } from "./find-object.js";
import { type HostPlace, placeWithin } from "./host-address.js";

/** Every host and every published task has an address there: /16 where a usual one is a /24. */
const INGRESS_BITS_MAX = 16;

/** Of hosts' routes that are in the way: enough to see which. */
const ROUTES_NAMED = 3;

/** Docker's overlay driver encrypts where it is there, whatever its value. */
const ENCRYPTED_OPTION = "encrypted";

/** Docker's own words and defaults for what spans hosts. */
export function spansHosts({ Driver, Scope, Ingress }: NetworkCreateRequest): boolean {
  return Driver === "overlay" || Scope === "swarm" || Ingress === true;
}

/** @throws NameConflictError, InvalidArgumentError, FailedPreconditionError */
export function planNetwork(
  view: StoreView,
  id: NetworkId,
  atMs: number,
  request: NetworkCreateRequest,
  hosts: readonly HostPlace[],
): Change {
  const name = request.Name ?? "";
  checkRequest(request);
  if (view.networkByName(name) !== undefined) throw new NameConflictError("network", name);
  const network = makeNetwork({
    id,
    atMs,
    request,
    cluster: view.cluster(),
    others: view.networks(),
    hosts,
    turn: view.sequence,
  });
  return { kind: "create-network", network };
}

/**
 * A network with more room: its addresses stay, tasks that wait for one get it.
 * @throws InvalidArgumentError, FailedPreconditionError
 */
export function planMoreSubnets(
  view: StoreView,
  { id, spec, subnets }: Network,
  added: readonly IPAMConfig[],
  hosts: readonly HostPlace[],
): Change {
  if (added.length === 0) throw new InvalidArgumentError("no subnet is given");
  const isDual = [...subnets.map(({ cidr }) => cidr), ...added.map(({ Subnet = "" }) => Subnet)]
    .flatMap((text) => parseRange(text) ?? [])
    .some(({ family }) => family === "ipv6");
  if (isDual)
    throw new FailedPreconditionError(
      `network ${networkName(spec)} (${id}) keeps the subnets that it was made with: with IPv6, none can be added, because an engine has to have the IPv4 and the IPv6 subnet of a task in one network`,
    );
  const all = [...subnets];
  for (const config of added) {
    const subnet = subnetOf(config);
    const own = all.find(({ cidr }) => overlaps(rangeOf(cidr), rangeOf(subnet.cidr)));
    if (own !== undefined)
      throw new FailedPreconditionError(
        `invalid pool request: Pool overlaps with other one on this address space: ${subnet.cidr} with ${own.cidr} of network ${networkName(spec)} (${id}) itself`,
      );
    checkFree(
      subnet,
      view.networks().filter((other) => other.id !== id),
      hosts,
    );
    all.push(subnet);
  }
  return { kind: "update-network", networkId: id, spec, subnets: all };
}

interface NetworkWish {
  readonly id: NetworkId;
  readonly atMs: number;
  readonly request: NetworkCreateRequest;
  readonly cluster: Pick<Cluster, "dataPath"> | undefined;
  readonly others: readonly Network[];
  readonly hosts: readonly HostPlace[];
  /** A number that no other network had. */
  readonly turn: number;
}

export function makeNetwork(wish: NetworkWish): Network {
  const { id, atMs, request, others, hosts, turn } = wish;
  const vni = freeVni(others, turn);
  if (vni === undefined) throw new FailedPreconditionError("every VXLAN id is in use");
  const given = (request.IPAM?.Config ?? []).filter(({ Subnet = "" }) => Subnet !== "");
  const named = given.map(subnetOf);
  checkFamilies(request, named);
  // An engine's network has IPv4 always; as Docker, whatever else it has.
  const subnets = named.some(({ cidr }) => !isIpv6(cidr)) ? named : [chosenSubnet(wish), ...named];
  for (const subnet of subnets) checkFree(subnet, others, hosts);
  return {
    id,
    version: 0,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    spec: { Labels: {}, ...request, Driver: "overlay", Scope: "swarm" },
    vni,
    subnets,
  };
}

/** What engines and the mesh can have of IPv6, and nothing that would be silently left out. */
function checkFamilies(
  { EnableIPv6: isAsked, Ingress: isMesh, Name: name = "" }: NetworkCreateRequest,
  subnets: readonly NetworkSubnet[],
): void {
  const ipv6 = subnets.filter(({ cidr }) => isIpv6(cidr));
  if (ipv6.length === 0) {
    if (isAsked !== true) return;
    throw new InvalidArgumentError(
      `network ${name} is to have IPv6: name its subnet, as --subnet fd00:7::/64; the address pools have IPv4 alone`,
    );
  }
  if (isMesh === true)
    throw new UnimplementedError(
      "published ports are answered on IPv4: the ingress network has no IPv6",
    );
  if (ipv6.length > 1 || subnets.length > 2)
    throw new InvalidArgumentError(
      `network ${name} is to have ${subnets.length} subnets: with IPv6 it has one, and one of IPv4 at most`,
    );
}

/**
 * The networks of a template by their ids, as they are stored.
 * @throws NotFoundError, InvalidArgumentError for the ingress network
 */
export function withNetworkIds(view: StoreView, template: TaskSpec): TaskSpec {
  const { Networks: named } = template;
  if (named === undefined || named.length === 0) return template;
  const Networks = named.map((attachment) => {
    const { Target: target = "" } = attachment;
    if (PREDEFINED_NETWORKS.includes(target)) return attachment;
    const network = findNetwork(view, target);
    if (isIngress(network))
      throw new InvalidArgumentError(
        `Service cannot be explicitly attached to the ingress network ${JSON.stringify(networkName(network.spec))}`,
      );
    return { ...attachment, Target: network.id };
  });
  return { ...template, Networks };
}

function checkRequest({
  Name: name = "",
  Driver: driver = "overlay",
  ConfigOnly,
  Options: options,
}: NetworkCreateRequest): void {
  if (name.trim() === "") throw new InvalidArgumentError("network name must be provided");
  if (PREDEFINED_NETWORKS.includes(name))
    throw new PermissionDeniedError(`operation is not permitted on predefined ${name} network`);
  if (driver !== "overlay")
    throw new UnimplementedError(`networks of driver ${driver} cannot span hosts: overlay can`);
  // Whoever asks for it relies on it: a network in the clear must not pass for one.
  if (options !== undefined && Object.hasOwn(options, ENCRYPTED_OPTION))
    throw new UnimplementedError(
      `encryption of networks is not available yet: make ${name} without the option ${ENCRYPTED_OPTION}`,
    );
  if (ConfigOnly === true)
    throw new InvalidArgumentError("configuration networks cannot have the scope swarm");
}

function subnetOf(config: { Subnet?: string; IPRange?: string; Gateway?: string }): NetworkSubnet {
  const { Subnet: text = "", IPRange: part = "", Gateway: asked = "" } = config;
  const range = parseRange(text);
  if (range === undefined)
    throw new InvalidArgumentError(`invalid subnet ${text}: invalid CIDR address`);
  const within = part === "" ? undefined : parseRange(part);
  if (part !== "" && (within === undefined || offsetIn(range, addressAt(within, 0n)) === undefined))
    throw new InvalidArgumentError(`invalid ip-range ${part}: it is no part of ${text}`);
  if (asked !== "" && offsetIn(range, asked) === undefined)
    throw new InvalidArgumentError(`invalid gateway ${asked}: it is not in ${text}`);
  return {
    cidr: rangeText(range),
    ...(within !== undefined && { range: rangeText(within) }),
    gateway: asked === "" ? addressAt(range, 1n) : asked,
  };
}

function chosenSubnet({ cluster, others, hosts, request, turn }: NetworkWish): NetworkSubnet {
  const { addressPools: pools, subnetBits } = dataPathOf(cluster);
  const bits = request.Ingress === true ? Math.min(INGRESS_BITS_MAX, subnetBits) : subnetBits;
  const taken = [
    ...others.flatMap(({ subnets }) => subnets.map(({ cidr }) => cidr)),
    ...hosts.flatMap((place) => rangeOfPlace(place) ?? []),
  ];
  const cidr = freeSubnet({ pools, bits, taken, turn });
  if (cidr === undefined)
    throw new FailedPreconditionError(
      `no subnet is left: all ${subnetCount(pools, bits)} subnets of ${bits} bits in the address pools ${pools.join(", ")} are in use, by networks or by hosts${routesInto(pools, hosts)}; name one (--subnet) or remove a network`,
    );
  return { cidr, gateway: addressAt(rangeOf(cidr), 1n) };
}

function rangeOfPlace(place: HostPlace): string | undefined {
  if ("address" in place) return rangeOfAddress(place.address);
  return parseRange(place.route) === undefined ? undefined : place.route;
}

/** Those that leave nothing of a pool. */
function routesInto(pools: readonly string[], hosts: readonly HostPlace[]): string {
  const wide = hosts.flatMap((place) => {
    const route = "route" in place ? parseRange(place.route) : undefined;
    const pool = pools.map(rangeOf).find((one) => route !== undefined && overlaps(one, route));
    return "route" in place && pool !== undefined && (route?.bits ?? 0) <= pool.bits ? [place] : [];
  });
  const words = wide.map(({ hostname, route }) => `node ${hostname} has a route to ${route}`);
  return words.length === 0 ? "" : ` (${[...new Set(words)].slice(0, ROUTES_NAMED).join(", ")})`;
}

function checkFree(
  { cidr }: NetworkSubnet,
  others: readonly Network[],
  hosts: readonly HostPlace[],
): void {
  const range = rangeOf(cidr);
  const place = placeWithin(range, hosts);
  if (place !== undefined)
    throw new FailedPreconditionError(
      "address" in place
        ? `invalid subnet ${cidr}: node ${place.hostname} itself has the address ${place.address} in it, and would no longer be reached; name one that the hosts do not use`
        : `invalid subnet ${cidr}: node ${place.hostname} has a route of its own to ${place.route}, and would no longer reach what is there; name one that the hosts do not use`,
    );
  for (const other of others)
    for (const subnet of other.subnets)
      if (overlaps(range, rangeOf(subnet.cidr)))
        throw new FailedPreconditionError(
          `invalid pool request: Pool overlaps with other one on this address space: ${cidr} with ${subnet.cidr} of network ${networkName(other.spec)} (${other.id})${isRemoved(other) ? ", which was removed and whose last tasks are still stopping" : ""}`,
        );
}
