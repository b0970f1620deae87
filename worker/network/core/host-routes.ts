/**
 * Which subnets a host reaches by routes that are not ours, read from what `ip -json route` prints:
 * a network of the cluster on one of them would cut the host off from what is there.
 */
import { LINK_NAME } from "./link-names.js";
import type { ShownRoute } from "./present-overlay.js";

/** The widest first; a router with more has a table of the whole Internet. */
const ROUTES_MAX = 200;

/** As subnets, without the default route; the same for the same routes. */
export function hostRoutes(shown: readonly ShownRoute[]): readonly string[] {
  const subnets = shown
    .filter(({ dst, dev = "", type = "unicast" }) => {
      return dst !== "default" && type === "unicast" && !LINK_NAME.test(dev) && dev !== "lo";
    })
    .map(({ dst }) => (dst.includes("/") ? dst : `${dst}/32`));
  return [...new Set(subnets)].toSorted(byWidth).slice(0, ROUTES_MAX);
}

function byWidth(a: string, b: string): number {
  const bits = (subnet: string): number => Number(subnet.split("/")[1]);
  return bits(a) - bits(b) || (a < b ? -1 : 1);
}
