/** Subnets as flags give them, each with the gateway and the range that lie in it. */
import type { IPAMConfig } from "../../../shared/docker-api/network.js";
import { addressAt, type IpRange, offsetIn, parseRange } from "../../../shared/model/ip-address.js";
import { BadValueError, UsageError } from "../../errors.js";
import { parseIp } from "../../flags/addresses.js";
import { csvFields } from "../../flags/csv.js";
import type { Flag, FlagSet, FlagValues } from "../../flags/flag.js";
import { cut } from "../../flags/parse-line.js";
import { present } from "../../present.js";

function texts(summary: string): Flag<string[]> {
  return {
    takes: "strings",
    summary,
    parse: (given, before = []) => [...before, ...csvFields(given).map((one) => one.trim())],
  };
}

export const SUBNET_FLAGS = {
  "aux-address": {
    takes: "map",
    summary: "Addresses of a subnet that are never given to a task (name=address)",
    parse: (given: string, before: readonly string[] = []) => [...before, given],
  },
  gateway: texts("Address that tasks are to take for the gateway of the subnet it lies in"),
  "ip-range": texts("Part of a subnet from which tasks get their addresses, in CIDR format"),
  subnet: texts("Subnet in CIDR format; without one, the next of the swarm's address pools"),
} satisfies FlagSet;

interface Wish {
  readonly range: IpRange;
  readonly config: IPAMConfig;
}

/** @throws BadValueError, UsageError for what lies in none of the subnets */
export function subnetsFrom(flags: FlagValues<typeof SUBNET_FLAGS>): IPAMConfig[] {
  const wishes = (flags.subnet ?? []).map((text) => ({ range: range(text), text }));
  const found: Wish[] = wishes.map(({ range, text }) => ({ range, config: { Subnet: text } }));
  for (const gateway of flags.gateway ?? []) {
    within(found, parseIp(gateway), `gateway ${gateway}`, (config) =>
      config.Gateway === undefined ? { ...config, Gateway: gateway } : undefined,
    );
  }
  for (const part of flags["ip-range"] ?? []) {
    within(found, addressAt(range(part), 0n), `range ${part}`, (config) =>
      config.IPRange === undefined ? { ...config, IPRange: part } : undefined,
    );
  }
  for (const pair of flags["aux-address"] ?? []) {
    const [name, address = ""] = cut(pair, "=");
    within(found, parseIp(address), `aux-address ${pair}`, (config) => ({
      ...config,
      AuxiliaryAddresses: { ...config.AuxiliaryAddresses, [name]: address },
    }));
  }
  return found.map(({ config }) => present(config));
}

function range(text: string): IpRange {
  const parsed = parseRange(text);
  if (parsed === undefined) throw new BadValueError(`invalid subnet ${text}: invalid CIDR address`);
  return parsed;
}

/** @param add undefined where the subnet has one already */
function within(
  subnets: Wish[],
  address: string,
  what: string,
  add: (config: IPAMConfig) => IPAMConfig | undefined,
): void {
  const at = subnets.findIndex((subnet) => offsetIn(subnet.range, address) !== undefined);
  const subnet = subnets[at];
  if (subnet === undefined) throw new UsageError(`no matching subnet for ${what}`);
  const config = add(subnet.config);
  if (config === undefined) {
    throw new UsageError(`cannot take ${what}: ${subnet.config.Subnet ?? ""} has one already`);
  }
  subnets[at] = { ...subnet, config };
}
