/** The MAC addresses of what is on an overlay: derived, so that every host knows all of them. */
import ipaddr from "ipaddr.js";

/** Locally administered, and what Docker engines give to containers by themselves. */
const PREFIX = ["02", "42"];
const DERIVED_BYTES = 4;

/**
 * From the IPv4 address where there is one: an older engine derives it in the same way, and allows
 * no other; else from the end of the first IPv6 address.
 * @param addresses at least one
 */
export function macOf(addresses: readonly string[]): string {
  const parsed = addresses.map((address) => ipaddr.parse(address));
  const chosen = parsed.find((address) => address.kind() === "ipv4") ?? parsed[0];
  const bytes = chosen?.toByteArray().slice(-DERIVED_BYTES) ?? [];
  return [...PREFIX, ...bytes.map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
