/**
 * Where the hosts themselves are reached, and what they reach by routes of their own. A network's
 * subnet must hold none of it: it lies in the hosts' own routing tables, so hosts in its range could
 * no longer reach each other.
 */
import { type IpRange, offsetIn, overlaps, parseRange } from "../../../shared/model/ip-address.js";

export interface HostAddress {
  readonly hostname: string;
  readonly address: string;
}

export interface HostRoute {
  readonly hostname: string;
  /** A subnet. */
  readonly route: string;
}

export type HostPlace = HostAddress | HostRoute;

/** The first that a subnet must not take. */
export function placeWithin(range: IpRange, places: readonly HostPlace[]): HostPlace | undefined {
  return places.find((place) => {
    if ("address" in place) return offsetIn(range, place.address) !== undefined;
    const route = parseRange(place.route);
    return route !== undefined && overlaps(range, route);
  });
}
