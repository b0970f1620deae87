/**
 * The tables of the host's own network namespace: published ports, which every node answers on, and
 * what keeps others out of the overlays.
 *
 * A port is found by one look-up in a verdict map, and has a chain of its own, where a counter goes
 * round its backends. Replies must come back through the node that took the request, so a request
 * gets this node's address on the ingress network, except where only tasks of this node may take it
 * and the port keeps the client's address.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import {
  type IngressPort,
  isIpv6,
  type NodeNetworks,
  type OverlayNetwork,
} from "../../../shared/model/node-networks.js";
import { PORT_PROTOCOLS, type PortProtocol } from "../../../shared/model/task.js";
import { bridgeName } from "./link-names.js";
import type { NftChain, NftSet, NftTable } from "./nft-table.js";

export const HOST_TABLE = "skep";

const PORT_KEY = "type inet_proto . inet_service : verdict";

/** Before the engine's own at 0, which may let pass what is dropped here. */
const FORWARD_HOOK = "type filter hook forward priority -1; policy accept;";
/**
 * Hosts pass on between their networks, and from beside them, only what answers or what a published port
 * led in. An engine sees to that for networks that it has and where its firewall is in its usual state;
 * it knows nothing of a network of which no task runs here.
 */
const APART = [
  "ct state established,related return",
  "ct status dnat return",
  "iifname . oifname @wires return",
  "oifname @overlays drop",
];

/** Before the engine's own at -100. */
const DNAT_HOOKS = "priority -110; policy accept;";
const DNS_PORT = 53;
/** Below are those of other users of VXLAN on this host; ours begin here, as Docker's do. */
const VNI_MIN = 4096;

export function hostTable(node: NodeNetworks, nodeId: NodeId): NftTable {
  // A port that nobody serves is like any other that nobody listens on: refused by the host itself.
  const ports = node.ports
    .map((port) => servedPort(port, nodeId))
    .filter((port) => port.addresses.length > 0);
  const ingress = node.networks.filter(({ kind }) => kind === "ingress");
  return {
    family: "ip",
    name: HOST_TABLE,
    sets: new Map<string, NftSet>([
      ["ports", { kind: "map", definition: PORT_KEY, elements: verdicts(ports) }],
      ...PORT_PROTOCOLS.map((name) => [keptSet(name), keptPorts(ports, name)] as const),
      ["gateways", addressSet(node.networks.flatMap(gatewaysOf))],
      ["ingress_bridges", plainSet("type ifname", ingress.map(bridgeName))],
      [
        "inside",
        plainSet("type ipv4_addr; flags interval", ["127.0.0.0/8", ...ingress.flatMap(cidrsOf)]),
      ],
      ["overlays", plainSet("type ifname", node.networks.map(bridgeName))],
      ["wires", plainSet("type ifname . ifname", node.networks.map(wireOf))],
      [
        "peers",
        addressSet(node.networks.flatMap(({ peers }) => peers.map(({ underlay }) => underlay))),
      ],
    ]),
    chains: new Map<string, NftChain>([
      ...ports.map((port) => [chainOf(port), { hook: "", rules: portRules(port) }] as const),
      ["published", { hook: "", rules: PUBLISHED }],
      ["prerouting", { hook: `type nat hook prerouting ${DNAT_HOOKS}`, rules: ["jump published"] }],
      ["output", { hook: `type nat hook output ${DNAT_HOOKS}`, rules: ["jump published"] }],
      [
        "postrouting",
        {
          hook: "type nat hook postrouting priority 90; policy accept;",
          rules: [...REPLIES, ...node.networks.flatMap(exits)],
        },
      ],
      [
        "guard",
        { hook: "type filter hook prerouting priority -300; policy accept;", rules: [NO_LOOPBACK] },
      ],
      [
        "input",
        { hook: "type filter hook input priority -1; policy accept;", rules: framesOfPeers(node) },
      ],
      ["forward", { hook: FORWARD_HOOK, rules: [...noFramesToPeers(node), ...APART] }],
    ]),
  };
}

/** Names are asked of the gateways themselves, even where some service publishes port 53. */
const PUBLISHED = [
  `ip daddr @gateways meta l4proto { tcp, udp } th dport ${DNS_PORT} return`,
  "fib daddr type local meta l4proto . th dport vmap @ports",
];

/** Replies to what comes from this host itself or from the ingress network could not find back. */
const REPLIES = [
  ...PORT_PROTOCOLS.map(
    (name) =>
      `oifname @ingress_bridges ct status dnat ip saddr != @inside meta l4proto ${name} ct original proto-dst @${keptSet(name)} return`,
  ),
  "oifname @ingress_bridges ct status dnat masquerade",
];

/**
 * Loopback addresses are routed out of the ingress bridge for this host's own requests; nobody
 * outside may use them. Every packet comes by here: what hardly any of them has is asked first.
 */
const NO_LOOPBACK = 'ip daddr 127.0.0.0/8 iifname != "lo" drop';

/** Frames of the overlays come from this cluster's nodes alone. */
function framesOfPeers({ underlay }: NodeNetworks): string[] {
  return [`udp dport ${underlay.port} @th,96,24 >= ${VNI_MIN} ip saddr != @peers drop`];
}

/** Of addresses of IPv6: nothing but what keeps networks apart. */
export function hostTable6({ networks }: NodeNetworks): NftTable {
  return {
    family: "ip6",
    name: HOST_TABLE,
    sets: new Map([
      ["overlays", plainSet("type ifname", networks.map(bridgeName))],
      ["wires", plainSet("type ifname . ifname", networks.map(wireOf))],
    ]),
    chains: new Map([["forward", { hook: FORWARD_HOOK, rules: APART }]]),
  };
}

/** A container could wrap a frame for another network and have this host's address on it. */
function noFramesToPeers({ underlay }: NodeNetworks): string[] {
  return [`udp dport ${underlay.port} @th,96,24 >= ${VNI_MIN} ip daddr @peers drop`];
}

/** What stays on the network, as rules see it that bridges ask, too. */
function wireOf(network: OverlayNetwork): string {
  return `${bridgeName(network)} . ${bridgeName(network)}`;
}

/** The engine sees to the way out of one subnet of a network; it does not know that there are more. */
function exits(network: OverlayNetwork): string[] {
  const cidrs = cidrsOf(network);
  if (network.exit === "closed" || cidrs.length <= 1) return [];
  return [`ip saddr { ${cidrs.join(", ")} } oifname != "${bridgeName(network)}" masquerade`];
}

function gatewaysOf({ subnets }: OverlayNetwork): string[] {
  return subnets.map(({ gateway }) => gateway);
}

function cidrsOf({ subnets }: OverlayNetwork): string[] {
  return subnets.map(({ cidr }) => cidr).filter((cidr) => !isIpv6(cidr));
}

/** A published port as this node serves it. */
interface ServedPort extends Omit<IngressPort, "backends" | "spread"> {
  readonly addresses: readonly string[];
  /** `kept`: only tasks of this node take its connections, so replies come by here anyway. */
  readonly client: "kept" | "masqueraded";
}

function servedPort(port: IngressPort, nodeId: NodeId): ServedPort {
  const usable = port.backends.filter(({ address }) => !isIpv6(address));
  const own = usable.filter((backend) => backend.nodeId === nodeId);
  const isKept = port.spread === "local" && own.length > 0;
  const addresses = (isKept ? own : usable).map(({ address }) => address).toSorted();
  return { ...port, addresses, client: isKept ? "kept" : "masqueraded" };
}

function portRules({ protocol, targetPort, addresses }: ServedPort): string[] {
  const choices = addresses.map((address, i) => `${i} : ${address}`).join(", ");
  const target =
    addresses.length === 1
      ? addresses.join()
      : `numgen inc mod ${addresses.length} map { ${choices} }`;
  return [`meta l4proto ${protocol} dnat to ${target} : ${targetPort}`];
}

function verdicts(ports: readonly ServedPort[]): Map<string, string> {
  return new Map(
    ports.map((port) => [`${port.protocol} . ${port.publishedPort}`, `goto ${chainOf(port)}`]),
  );
}

function keptPorts(ports: readonly ServedPort[], protocol: PortProtocol): NftSet {
  const kept = ports.filter((port) => port.protocol === protocol && port.client === "kept");
  return plainSet(
    "type inet_service",
    kept.map(({ publishedPort }) => String(publishedPort)),
  );
}

function keptSet(protocol: PortProtocol): string {
  return `kept_${protocol}`;
}

function chainOf({ protocol, publishedPort }: ServedPort): string {
  return `${protocol}_${publishedPort}`;
}

function addressSet(addresses: readonly string[]): NftSet {
  return plainSet(
    "type ipv4_addr",
    addresses.filter((address) => !isIpv6(address)),
  );
}

function plainSet(definition: string, keys: readonly string[]): NftSet {
  return { kind: "set", definition, elements: new Map(keys.toSorted().map((key) => [key, ""])) };
}

/** A published port's tasks that take no new connections any more, for UDP: see `lostBackends`. */
export interface LostPortBackend {
  readonly publishedPort: number;
  readonly backend: string;
}

export function lostPortBackends(
  before: readonly IngressPort[],
  after: readonly IngressPort[],
): LostPortBackend[] {
  const now = udpPairs(after);
  return [...udpPairs(before)].filter(([key]) => !now.has(key)).map(([, pair]) => pair);
}

function udpPairs(ports: readonly IngressPort[]): Map<string, LostPortBackend> {
  const udp = ports.filter(({ protocol }) => protocol === "udp");
  return new Map(
    udp.flatMap(({ publishedPort, backends }) =>
      backends.map(({ address }) => [
        `${publishedPort} ${address}`,
        { publishedPort, backend: address },
      ]),
    ),
  );
}
