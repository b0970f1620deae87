/**
 * Keeps what the host's own namespace needs so that published ports are answered and overlays are
 * left to their members: our table of nftables, one accepting rule in the engine's chain for users,
 * the hairpin of the ingress bridge's ports, and loopback on that bridge.
 */
import type { NodeId } from "../../shared/model/ids.js";
import { isIpv6, type NodeNetworks } from "../../shared/model/node-networks.js";
import { HOST_TABLE, hostTable, hostTable6, lostPortBackends } from "./core/ingress-rules.js";
import { bridgeName } from "./core/link-names.js";
import type { NftTable } from "./core/nft-table.js";
import { type Kernel, KernelRefusedError } from "./kernel.js";
import { Ruleset } from "./ruleset.js";
import { type Repairs, TableKeeper } from "./table-keeper.js";

/**
 * What was led to a task by us may pass, and its replies, whatever the engine's policy for what it
 * does not know and between its networks. In the chain that the engine leaves to its users, and
 * marked as ours.
 */
const USER_CHAIN = "DOCKER-USER";
const NETWORK_COMMENT = "skep network";
const DIRECTIONS = [
  { interfaceFlag: "-o", direction: "ORIGINAL" },
  { interfaceFlag: "-i", direction: "REPLY" },
] as const;

/** Of `iptables`, without the action. */
type Rule = readonly string[];

/** The engine lets pass what stays inside one subnet: those of a network are one wire. */
function wideAcceptances(bridge: string): Rule[] {
  const comment = ["-m", "comment", "--comment", `${NETWORK_COMMENT} ${bridge}`];
  const wire = ["-i", bridge, "-o", bridge, ...comment, "-j", "ACCEPT"];
  return [wire, ...acceptances(bridge)];
}

function acceptances(bridge: string): Rule[] {
  return DIRECTIONS.map(({ interfaceFlag, direction }) => [
    ...[interfaceFlag, bridge],
    ...["-m", "conntrack", "--ctstate", "DNAT", "--ctdir", direction],
    ...["-m", "comment", "--comment", "skep ingress"],
    ...["-j", "ACCEPT"],
  ]);
}

export class IngressKeeper {
  readonly #kernel: Kernel;
  readonly #nodeId: NodeId;
  readonly #rules: Ruleset;
  readonly #tables: Readonly<Record<NftTable["family"], TableKeeper>>;
  /** Which have a table by our doing. */
  #families: readonly NftTable["family"][] = [];
  #ports: NodeNetworks["ports"] = [];
  /** The bridges that were opened last, and the tasks that had ports on them. */
  #opened = "";
  #hairpinned = "";
  /** Bridges of networks with several subnets. */
  #wide: readonly string[] = [];

  constructor(kernel: Kernel, nodeId: NodeId) {
    this.#kernel = kernel;
    this.#nodeId = nodeId;
    this.#rules = new Ruleset(kernel);
    this.#tables = { ip: new TableKeeper(this.#rules), ip6: new TableKeeper(this.#rules) };
  }

  /** The bridges must be there. @throws KernelRefusedError */
  async apply(node: NodeNetworks): Promise<void> {
    const wanted = this.#wanted(node);
    for (const table of wanted) await this.#tables[table.family].apply(table);
    const families = wanted.map(({ family }) => family);
    if (this.#families.includes("ip6") && !families.includes("ip6")) await this.#remove("ip6");
    this.#families = families;
  }

  /**
   * What nobody has to wait for once `apply` is done.
   * @param tasks says which tasks have ports on the bridges
   * @throws KernelRefusedError
   */
  async follow(node: NodeNetworks, tasks: string): Promise<void> {
    await this.#forgetLost(node);
    const bridges = `${ingressBridges(node).join()} ${wideBridges(node).join()}`;
    if (bridges !== this.#opened) await this.#openBridges(node);
    this.#opened = bridges;
    const ports = `${bridges} ${tasks}`;
    if (ports !== this.#hairpinned) await this.#letBack(node);
    this.#hairpinned = ports;
  }

  /** Looks what is there, and puts it right. @throws KernelRefusedError */
  async mend(node: NodeNetworks): Promise<Repairs> {
    const repairs: string[] = [];
    for (const table of this.#wanted(node)) {
      repairs.push(...(await this.#tables[table.family].mend(table)));
    }
    repairs.push(...(await this.#openBridges(node)));
    await this.#letBack(node);
    return repairs;
  }

  async remove(node: NodeNetworks): Promise<void> {
    await this.#remove("ip");
    if (await this.#hasIp6()) await this.#remove("ip6");
    const rules = [
      ...ingressBridges(node).flatMap(acceptances),
      ...wideBridges(node).flatMap(wideAcceptances),
    ];
    for (const rule of rules) await this.#userChain("-D", rule);
    this.rest();
  }

  /** Keeps nothing open until the next change. */
  rest(): void {
    this.#rules.close();
  }

  /** A kernel may know nothing of IPv6: it is not spoken of where no network has it. */
  #wanted(node: NodeNetworks): NftTable[] {
    const table = hostTable(node, this.#nodeId);
    return hasIpv6(node) ? [table, hostTable6(node)] : [table];
  }

  #hasIp6(): Promise<boolean> {
    return this.#rules.list({ family: "ip6", name: HOST_TABLE }).then(
      (listing) => listing !== undefined,
      () => false, // nor could there be
    );
  }

  #remove(family: NftTable["family"]): Promise<void> {
    return this.#tables[family].remove({ family, name: HOST_TABLE });
  }

  /** Of UDP: see `lostPortBackends`. */
  async #forgetLost({ ports }: NodeNetworks): Promise<void> {
    const lost = lostPortBackends(this.#ports, ports);
    this.#ports = ports;
    for (const { publishedPort, backend } of lost) {
      const match = ["-p", "udp", "--orig-port-dst", String(publishedPort), "--reply-src", backend];
      await this.#kernel.forgetConnections(match);
    }
  }

  /** Whatever was done here before: each of it can be done again. */
  async #openBridges(node: NodeNetworks): Promise<Repairs> {
    const repairs = await this.#joinSubnets(wideBridges(node));
    for (const bridge of ingressBridges(node)) repairs.push(...(await this.#openBridge(bridge)));
    return repairs;
  }

  /** A task that reaches itself by way of the port leaves the bridge where it came in. */
  async #letBack(node: NodeNetworks): Promise<void> {
    const bridges = ingressBridges(node);
    if (bridges.length === 0) return;
    const links = await this.#kernel.links();
    const ports = links.filter(
      ({ master = "", linkinfo }) =>
        bridges.includes(master) &&
        linkinfo?.info_kind === "veth" &&
        linkinfo.info_slave_data?.hairpin !== true,
    );
    await this.#kernel.ipBatch(
      ports.map(({ ifname }) => `link set dev ${ifname} type bridge_slave hairpin on`),
    );
  }

  async #openBridge(bridge: string): Promise<Repairs> {
    const setting = `net.ipv4.conf.${bridge}.route_localnet`;
    await this.#kernel.setSysctl(setting, "1");
    const repairs: string[] = [];
    for (const rule of acceptances(bridge)) repairs.push(...(await this.#accept(rule)));
    return repairs;
  }

  /** Of networks that go, the rules go with the next change. */
  async #joinSubnets(bridges: readonly string[]): Promise<string[]> {
    const repairs: string[] = [];
    for (const rule of bridges.flatMap(wideAcceptances)) {
      repairs.push(...(await this.#accept(rule)));
    }
    const former = this.#wide.filter((one) => !bridges.includes(one));
    for (const rule of former.flatMap(wideAcceptances)) await this.#userChain("-D", rule);
    this.#wide = bridges;
    return repairs;
  }

  async #accept(rule: Rule): Promise<Repairs> {
    const { status } = await this.#userChain("-C", rule);
    if (status === 0) return [];
    const added = await this.#userChain("-I", rule);
    if (added.status === 0) return [`iptables -I ${USER_CHAIN} ${rule.join(" ")}`];
    // Without an engine that has this chain, nobody has set a policy either.
    if (/No chain|does not exist|No such file|ENOENT/.test(added.stderr)) return [];
    throw new KernelRefusedError(`iptables refused a rule in ${USER_CHAIN}: ${added.stderr}`);
  }

  #userChain(
    action: "-C" | "-D" | "-I",
    rule: Rule,
  ): Promise<{ readonly status: number; readonly stderr: string }> {
    return this.#kernel.run(["iptables", "-w", action, USER_CHAIN, ...rule]);
  }
}

function hasIpv6({ networks }: NodeNetworks): boolean {
  return networks.some(({ subnets }) => subnets.some(({ cidr }) => isIpv6(cidr)));
}

function ingressBridges({ networks }: NodeNetworks): string[] {
  return networks.filter(({ kind }) => kind === "ingress").map(bridgeName);
}

/** Of networks with several subnets, which an engine takes for as many networks. */
function wideBridges({ networks }: NodeNetworks): string[] {
  return networks
    .filter(({ kind, subnets }) => kind === "overlay" && countIpv4(subnets) > 1)
    .map(bridgeName);
}

function countIpv4(subnets: NodeNetworks["networks"][number]["subnets"]): number {
  return subnets.filter(({ cidr }) => !isIpv6(cidr)).length;
}
