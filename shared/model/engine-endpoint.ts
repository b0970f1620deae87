/** What an engine is told of a container's place on a network, whoever tells it. */
import { isIpv6 } from "./node-networks.js";

/** From this minor version of its API on, it takes several endpoints at create, and a MAC address for each. */
export const ENDPOINTS_SINCE_MINOR = 44;

/** Fixed addresses, one of each family at most. */
export function fixedAddresses(addresses: readonly string[]): {
  readonly IPv4Address?: string;
  readonly IPv6Address?: string;
} {
  const ipv4 = addresses.find((address) => !isIpv6(address));
  const ipv6 = addresses.find(isIpv6);
  return {
    ...(ipv4 !== undefined && { IPv4Address: ipv4 }),
    ...(ipv6 !== undefined && { IPv6Address: ipv6 }),
  };
}
