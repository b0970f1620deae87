/**
 * The overlays as the host's kernel is to hold them: per network a bridge with this node's gateway
 * addresses and a VXLAN device on it, and per address elsewhere one entry that says behind which
 * host it is. All entries are static: nothing is learned from packets, nothing is flooded, and the
 * hosts ask each other nothing.
 */
import {
  isIpv6,
  type NodeNetworks,
  type OverlayNetwork,
} from "../../../shared/model/node-networks.js";
import { ALIAS_PREFIX, bridgeName, furtherBridgeNames, vxlanName } from "./link-names.js";

export interface OverlayState {
  readonly bridges: ReadonlyMap<string, BridgeLink>;
  readonly tunnels: ReadonlyMap<string, TunnelLink>;
  /** Which host a MAC address is behind. */
  readonly forwarding: DeviceEntries;
  /** Which MAC address an address has. */
  readonly neighbours: DeviceEntries;
  /** Bridges of their own whose names are shaped like further names of ours. */
  readonly strays: readonly string[];
}

/** By device: a kernel holds tens of thousands of them, and they are compared with every change. */
export type DeviceEntries = ReadonlyMap<string, Entries>;
type Entries = ReadonlyMap<string, string>;

export interface BridgeLink {
  readonly mac: string;
  readonly mtu: number;
  /** With the length of their prefix. */
  readonly addresses: readonly string[];
  /** Subnets that are routed to it. The kernel does that for an address that is given. */
  readonly routes: readonly string[];
  /** Sorted. */
  readonly furtherNames: readonly string[];
  readonly alias: string;
  readonly isUp: boolean;
}

export interface TunnelLink {
  readonly vni: number;
  readonly local: string;
  readonly port: number;
  /** `static`: it learns nothing, and answers for neighbours that it was told of. */
  readonly mode: "static" | "other";
  readonly bridge: string;
  readonly mtu: number;
  readonly alias: string;
  readonly isUp: boolean;
}

/** What VXLAN wraps around a frame: outer IP, UDP (8), VXLAN (8), inner Ethernet (14); RFC 7348. */
const OVERHEAD_BYTES = { ipv4: 50, ipv6: 70 } as const;

/** @param underlayMtu of the device that has the underlay's address */
export function wantedOverlay(node: NodeNetworks, underlayMtu: number): OverlayState {
  const bridges = new Map<string, BridgeLink>();
  const tunnels = new Map<string, TunnelLink>();
  const forwarding = new Map<string, Entries>();
  const neighbours = new Map<string, Entries>();
  for (const network of node.networks) {
    const bridge = bridgeName(network);
    const device = vxlanName(network);
    const mtu = overlayMtu(network, node, underlayMtu);
    const alias = `${ALIAS_PREFIX}${network.networkId}`;
    const addresses = network.subnets.map(
      ({ cidr, gateway }) => `${gateway}/${cidr.split("/")[1] ?? ""}`,
    );
    const routes = network.subnets.map(({ cidr }) => cidr);
    const furtherNames = furtherBridgeNames(network).toSorted();
    const mac = network.gatewayMac;
    bridges.set(bridge, { mac, mtu, addresses, routes, furtherNames, alias, isUp: true });
    tunnels.set(device, {
      vni: network.vni,
      local: node.underlay.address,
      port: node.underlay.port,
      mode: "static",
      bridge,
      mtu,
      alias,
      isUp: true,
    });
    const elsewhere = entriesOf(network);
    forwarding.set(device, elsewhere.hosts);
    neighbours.set(device, elsewhere.macs);
  }
  return { bridges, tunnels, forwarding, neighbours, strays: [] };
}

export function overlayMtu(
  network: Pick<OverlayNetwork, "mtu">,
  { underlay }: Pick<NodeNetworks, "underlay">,
  underlayMtu: number,
): number {
  const overhead = isIpv6(underlay.address) ? OVERHEAD_BYTES.ipv6 : OVERHEAD_BYTES.ipv4;
  return Math.min(network.mtu ?? underlayMtu - overhead, underlayMtu - overhead);
}

/** Tasks on nodes that are no peers cannot be reached; they are left out. */
function entriesOf({ peers, endpoints }: OverlayNetwork): {
  /** By MAC address. */
  readonly hosts: Entries;
  /** By address. */
  readonly macs: Entries;
} {
  const hosts = new Map<string, string>();
  const macs = new Map<string, string>();
  const underlays = new Map<string, string>();
  for (const { nodeId, underlay, gatewayMac, gateways } of peers) {
    underlays.set(nodeId, underlay);
    hosts.set(gatewayMac, underlay);
    for (const gateway of gateways) macs.set(gateway, gatewayMac);
  }
  for (const { nodeId, mac, addresses } of endpoints) {
    const host = underlays.get(nodeId);
    if (host === undefined) continue;
    hosts.set(mac, host);
    for (const address of addresses) macs.set(address, mac);
  }
  return { hosts, macs };
}

/** Lines for `ip -batch` and `bridge -batch`, to be given in the order of the fields. */
export interface OverlayBatches {
  readonly links: readonly string[];
  readonly forwarding: readonly string[];
  readonly neighbours: readonly string[];
}

/** From what is there to what is wanted. Twice is once: between equal states there is nothing. */
export function changeOverlay(present: OverlayState, wanted: OverlayState): OverlayBatches {
  const kept = keptDevices(present, wanted);
  const forwarding = changeEntries(present.forwarding, wanted.forwarding, kept, {
    put: (device, mac, host) => `fdb replace ${mac} dev ${device} dst ${host} self static`,
    drop: (device, mac, host) => `fdb del ${mac} dev ${device} dst ${host} self`,
  });
  const neighbours = changeEntries(present.neighbours, wanted.neighbours, kept, {
    put: (device, address, mac) =>
      `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`,
    drop: (device, address) => `neigh del ${address} dev ${device}`,
  });
  return { links: changeLinks(present, wanted), forwarding, neighbours };
}

/** Those that stay as they are: with the others their entries go. */
function keptDevices(present: OverlayState, wanted: OverlayState): ReadonlySet<string> {
  const kept = [...present.tunnels].filter(([name, tunnel]) => {
    const after = wanted.tunnels.get(name);
    return after !== undefined && isSameTunnel(tunnel, after);
  });
  return new Set(kept.map(([name]) => name));
}

interface EntryCommands {
  readonly put: (device: string, key: string, value: string) => string;
  readonly drop: (device: string, key: string, value: string) => string;
}

function changeEntries(
  present: DeviceEntries,
  wanted: DeviceEntries,
  kept: ReadonlySet<string>,
  { put, drop }: EntryCommands,
): string[] {
  const lines: string[] = [];
  for (const [device, entries] of wanted) {
    const there = (kept.has(device) ? present.get(device) : undefined) ?? NO_ENTRIES;
    for (const [key, value] of there) if (!entries.has(key)) lines.push(drop(device, key, value));
    for (const [key, value] of entries) {
      if (there.get(key) !== value) lines.push(put(device, key, value));
    }
  }
  return lines;
}

const NO_ENTRIES: Entries = new Map();

function changeLinks(present: OverlayState, wanted: OverlayState): string[] {
  // Only what says that it is ours: a name alone is anybody's.
  const gone = [...present.tunnels, ...present.bridges]
    .filter(([, { alias }]) => alias.startsWith(ALIAS_PREFIX))
    .map(([name]) => name)
    .filter((name) => !wanted.tunnels.has(name) && !wanted.bridges.has(name));
  return [
    ...gone.map((name) => `link delete ${name}`),
    ...usurpers(present, wanted).map((name) => `link delete ${name}`),
    ...[...wanted.bridges].flatMap(([name, link]) =>
      changeBridge(name, present.bridges.get(name), link),
    ),
    ...[...wanted.tunnels].flatMap(([name, link]) =>
      changeTunnel(name, present.tunnels.get(name), link),
    ),
  ];
}

/** Devices that an engine made at the host's start, when it did not find a bridge of that name. */
function usurpers({ strays }: OverlayState, { bridges }: OverlayState): string[] {
  const names = new Set([...bridges.values()].flatMap(({ furtherNames }) => furtherNames));
  return strays.filter((name) => names.has(name));
}

function changeBridge(name: string, present: BridgeLink | undefined, wanted: BridgeLink): string[] {
  const lines: string[] = [];
  if (present === undefined) lines.push(`link add ${name} type bridge`);
  if (present?.alias !== wanted.alias) lines.push(`link set ${name} alias "${wanted.alias}"`);
  if (present?.mac !== wanted.mac) lines.push(`link set ${name} address ${wanted.mac}`);
  // A bridge that Docker made has the least of its ports' until somebody says.
  if (present?.mtu !== wanted.mtu) lines.push(`link set ${name} mtu ${wanted.mtu}`);
  if (present?.isUp !== true) lines.push(`link set ${name} up`);
  for (const further of present?.furtherNames ?? []) {
    if (!wanted.furtherNames.includes(further))
      lines.push(`link property del dev ${name} altname ${further}`);
  }
  for (const further of wanted.furtherNames) {
    if (!present?.furtherNames.includes(further))
      lines.push(`link property add dev ${name} altname ${further}`);
  }
  for (const address of wanted.addresses) {
    if (present?.addresses.includes(address)) continue;
    // The managers see to it that nobody else has it: nobody waits a second until the kernel has asked.
    const flags = isIpv6(address) ? " nodad" : "";
    lines.push(`address replace ${address} dev ${name}${flags}`);
  }
  for (const address of present?.addresses ?? []) {
    if (!wanted.addresses.includes(address)) lines.push(`address delete ${address} dev ${name}`);
  }
  for (const subnet of wanted.routes) {
    if (present?.routes.includes(subnet)) continue;
    const manner = isIpv6(subnet) ? "metric 256" : "scope link";
    lines.push(`route replace ${subnet} dev ${name} proto kernel ${manner}`);
  }
  return lines;
}

function changeTunnel(name: string, present: TunnelLink | undefined, wanted: TunnelLink): string[] {
  const lines: string[] = [];
  const { vni, local, port, bridge, mtu, alias } = wanted;
  const isSame = isSameTunnel(present, wanted);
  if (present !== undefined && !isSame) lines.push(`link delete ${name}`);
  const there = isSame ? present : undefined;
  if (there === undefined) {
    lines.push(
      `link add ${name} type vxlan id ${vni} dstport ${port} local ${local} nolearning proxy`,
    );
  }
  if (there?.alias !== alias) lines.push(`link set ${name} alias "${alias}"`);
  if (there?.mtu !== mtu) lines.push(`link set ${name} mtu ${mtu}`);
  if (there?.bridge !== bridge) lines.push(`link set ${name} master ${bridge}`);
  if (there?.isUp !== true) lines.push(`link set ${name} up`);
  return lines;
}

/** What a device is made with cannot be changed afterwards. */
function isSameTunnel(present: TunnelLink | undefined, wanted: TunnelLink): boolean {
  return (
    present?.vni === wanted.vni &&
    present.local === wanted.local &&
    present.port === wanted.port &&
    present.mode === wanted.mode
  );
}
