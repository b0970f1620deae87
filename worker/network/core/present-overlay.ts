/**
 * Reads what `ip -json` and `bridge -json` print into the state that `changeOverlay` compares.
 * Devices are ours by name and kind; everything else on the host stays out of it.
 */
import { FURTHER_NAME, LINK_NAME } from "./link-names.js";
import type { BridgeLink, DeviceEntries, OverlayState, TunnelLink } from "./overlay-state.js";

/** The parsed outputs of five questions. */
export interface OverlayListing {
  /** `ip -details -json address show` */
  readonly links: readonly ShownLink[];
  /** `bridge -json fdb show` */
  readonly forwarding: readonly ShownForwarding[];
  /** `ip -json neighbour show nud permanent` */
  readonly neighbours: readonly ShownNeighbour[];
  /** `ip -json route show`, and `ip -6` where networks have subnets of IPv6 */
  readonly routes: readonly ShownRoute[];
}

export interface ShownLink {
  readonly ifname: string;
  readonly ifindex: number;
  /** Of a veth: the other end, in another namespace. */
  readonly link_index?: number;
  readonly address?: string;
  readonly mtu: number;
  readonly master?: string;
  readonly ifalias?: string;
  readonly altnames?: readonly string[];
  readonly flags: readonly string[];
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: ShownTunnel;
    readonly info_slave_data?: { readonly hairpin?: boolean };
  };
  readonly addr_info?: readonly ShownAddress[];
}

interface ShownTunnel {
  readonly id?: number;
  readonly local?: string;
  readonly local6?: string;
  readonly port?: number;
  readonly learning?: boolean;
  readonly proxy?: boolean;
}

interface ShownAddress {
  readonly family: string;
  readonly local?: string;
  readonly prefixlen: number;
  readonly scope: string;
}

export interface ShownForwarding {
  readonly mac: string;
  readonly ifname?: string;
  readonly dst?: string;
}

export interface ShownNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
}

export interface ShownRoute {
  readonly dst: string;
  readonly dev?: string;
  /** Absent: it leads somewhere. */
  readonly type?: string;
}

export function presentOverlay(listing: OverlayListing): OverlayState {
  const { links, forwarding, neighbours, routes } = listing;
  const ours = links.filter(({ ifname }) => LINK_NAME.test(ifname));
  const bridges = ours.filter(({ linkinfo }) => linkinfo?.info_kind === "bridge");
  const tunnels = ours.filter(({ linkinfo }) => linkinfo?.info_kind === "vxlan");
  const strays = links.filter(
    ({ ifname, linkinfo }) => FURTHER_NAME.test(ifname) && linkinfo?.info_kind === "bridge",
  );
  return {
    bridges: new Map(bridges.map((link) => [link.ifname, bridgeOf(link, routes)])),
    tunnels: new Map(tunnels.map((link) => [link.ifname, tunnelOf(link)])),
    forwarding: byDevice(
      tunnels,
      forwarding.flatMap(({ mac, ifname = "", dst }) =>
        dst === undefined ? [] : [[ifname, mac, dst]],
      ),
    ),
    neighbours: byDevice(
      tunnels,
      neighbours.map(({ dst, dev, lladdr = "" }) => [dev, dst, lladdr]),
    ),
    strays: strays.map(({ ifname }) => ifname),
  };
}

function byDevice(
  tunnels: readonly ShownLink[],
  entries: readonly (readonly [device: string, key: string, value: string])[],
): DeviceEntries {
  const devices = new Map(tunnels.map(({ ifname }) => [ifname, new Map<string, string>()]));
  for (const [device, key, value] of entries) devices.get(device)?.set(key, value);
  return devices;
}

function bridgeOf(link: ShownLink, routes: readonly ShownRoute[]): BridgeLink {
  const given = (link.addr_info ?? []).filter(({ scope }) => scope !== "link");
  return {
    mac: link.address ?? "",
    mtu: link.mtu,
    addresses: given.map(({ local = "", prefixlen }) => `${local}/${prefixlen}`),
    routes: routes.filter(({ dev }) => dev === link.ifname).map(({ dst }) => dst),
    furtherNames: (link.altnames ?? []).filter((name) => FURTHER_NAME.test(name)).toSorted(),
    alias: link.ifalias ?? "",
    isUp: link.flags.includes("UP"),
  };
}

function tunnelOf(link: ShownLink): TunnelLink {
  const { id = 0, local, local6, port = 0, learning, proxy } = link.linkinfo?.info_data ?? {};
  return {
    vni: id,
    local: local ?? local6 ?? "",
    port,
    mode: learning === false && proxy === true ? "static" : "other",
    bridge: link.master ?? "",
    mtu: link.mtu,
    alias: link.ifalias ?? "",
    isUp: link.flags.includes("UP"),
  };
}
