/**
 * The table of a task's own network namespace: who connects to a service's virtual address is led
 * to one of its tasks, and keeps its own address on the way.
 *
 * A first packet costs one look-up of the virtual address and one of (address, chance) however many
 * services there are: services with the same number of backends share a map and a chain. Chance, and
 * not a counter: one that many services share can fall into step with a client that uses them in
 * turn, and would then send it to the same backend for ever. Packets that follow are conntrack's.
 */
import { isIpv6, type NetworkService } from "../../../shared/model/node-networks.js";
import type { NftChain, NftSet, NftTable } from "./nft-table.js";

const VIP_TABLE = "skep_vip";

/** More than that are let go of: each is a map, a chain and a rule in every namespace. */
const SPARE_COUNTS_MAX = 64;

/**
 * @param services of all networks that the task is on
 * @param before what the table was like; what led to as many backends as no service has any more stays,
 * empty. So no change of ours takes a rule away, and where one goes it was somebody else.
 */
export function vipTable(
  family: NftTable["family"],
  services: readonly Pick<NetworkService, "vips" | "backends">[],
  before?: NftTable,
): NftTable {
  const verdicts = new Map<string, string>();
  const refused = new Map<string, string>();
  const byCount = new Map(spareCounts(before).map((count) => [count, new Map<string, string>()]));
  for (const service of services) {
    const backends = service.backends.filter((address) => isOf(family, address)).toSorted();
    const count = backends.length;
    for (const vip of service.vips.filter((address) => isOf(family, address))) {
      if (count === 0) {
        refused.set(vip, "");
        continue;
      }
      verdicts.set(vip, `goto ${chainOf(count)}`);
      const elements = byCount.get(count) ?? new Map<string, string>();
      backends.forEach((backend, i) => elements.set(`${vip} . ${i}`, backend));
      byCount.set(count, elements);
    }
  }
  const address = `type ${family === "ip" ? "ipv4_addr" : "ipv6_addr"}`;
  return {
    family,
    name: VIP_TABLE,
    sets: new Map<string, NftSet>([
      ["services", { kind: "map", definition: `${address} : verdict`, elements: verdicts }],
      ["refused", { kind: "set", definition: address, elements: refused }],
      ...[...byCount].map(
        ([count, elements]) => [`m${count}`, choices(family, count, elements)] as const,
      ),
    ]),
    chains: new Map<string, NftChain>([
      ["output", { hook: LEAD, rules: [`${family} daddr vmap @services`] }],
      ["refuse", { hook: REFUSE, rules: refusals(family) }],
      ...[...byCount.keys()].map((count) => [chainOf(count), spreadOver(family, count)] as const),
    ]),
  };
}

const LEAD = "type nat hook output priority -100; policy accept;";
/** After that: what was led to a task has the task's address by now. */
const REFUSE = "type filter hook output priority 0; policy accept;";

/** Who asks a service without backends hears so at once, and does not wait. */
function refusals(family: NftTable["family"]): string[] {
  const asks = `ct state new ${family} daddr @refused`;
  return [`${asks} meta l4proto tcp reject with tcp reset`, `${asks} reject`];
}
function chainOf(count: number): string {
  return `n${count}`;
}

function choices(
  family: NftTable["family"],
  count: number,
  elements: ReadonlyMap<string, string>,
): NftSet {
  const definition = `typeof ${family} daddr . numgen random mod ${count} : ${family} daddr`;
  return { kind: "map", definition, elements };
}

function spreadOver(family: NftTable["family"], count: number): NftChain {
  const rule = `dnat to ${family} daddr . numgen random mod ${count} map @m${count}`;
  return { hook: "", rules: [rule] };
}

function spareCounts(before: NftTable | undefined): number[] {
  const counts = [...(before?.sets.keys() ?? [])].flatMap((name) => countOf(name) ?? []);
  return counts.length > SPARE_COUNTS_MAX ? [] : counts;
}

/** Of the map's name. */
function countOf(name: string): number | undefined {
  const digits = /^m(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isOf(family: NftTable["family"], address: string): boolean {
  return isIpv6(address) === (family === "ip6");
}

/** A virtual address and one of its backends that takes no new connections any more. */
export interface LostBackend {
  readonly vip: string;
  readonly backend: string;
}

/**
 * UDP has no end of a connection: a client that goes on sending stays with its backend, alive or
 * not, until conntrack forgets it.
 */
export function lostBackends(before: NftTable | undefined, after: NftTable): LostBackend[] {
  const lost = new Map<string, LostBackend>();
  for (const [name, { elements }] of before?.sets ?? []) {
    if (countOf(name) === undefined) continue;
    const kept = after.sets.get(name)?.elements;
    for (const [key, backend] of elements) {
      if (kept?.get(key) === backend) continue;
      const [vip = ""] = key.split(" . ");
      if (!leadsTo(after, vip).has(backend)) lost.set(`${vip} ${backend}`, { vip, backend });
    }
  }
  return [...lost.values()];
}

function leadsTo({ sets }: NftTable, vip: string): ReadonlySet<string> {
  const chain = sets.get("services")?.elements.get(vip) ?? "";
  const count = Number(/^goto n(\d+)$/.exec(chain)?.[1] ?? 0);
  const elements = sets.get(`m${count}`)?.elements;
  return new Set(Array.from({ length: count }, (_, i) => elements?.get(`${vip} . ${i}`) ?? ""));
}
