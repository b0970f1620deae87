/**
 * Where the hosts themselves are reached. A network's subnet must hold none of these: it lies in
 * the hosts' own routing tables, so hosts in its range could no longer reach each other.
 */
import { type IpRange, offsetIn } from "../../../shared/model/ip-address.js";

export interface HostAddress {
  readonly hostname: string;
  readonly address: string;
}

export function hostWithin(range: IpRange, hosts: readonly HostAddress[]): HostAddress | undefined {
  return hosts.find(({ address }) => offsetIn(range, address) !== undefined);
}
