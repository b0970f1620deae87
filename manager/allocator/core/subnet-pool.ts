/**
 * The subnet of a new network, cut from the cluster's address pools: never one that overlaps
 * another network's, or a route that some host has. The overlay's subnet lies in the hosts' own
 * routing tables, and taking the range of their private network would cut the managers off.
 */
import { type IpRange, overlaps, rangeOf, rangeText } from "../../../shared/model/ip-address.js";

export interface SubnetWish {
  readonly pools: readonly string[];
  /** Length of the subnet's prefix. */
  readonly bits: number;
  /** Other networks' subnets, and routes of hosts. */
  readonly taken: readonly string[];
  /** Where to begin: a number that no other network had, so that what was given back comes late. */
  readonly turn: number;
}

/** @returns undefined where the pools hold none that is free */
export function freeSubnet({ pools, bits, taken, turn }: SubnetWish): string | undefined {
  const obstacles = taken.map(rangeOf);
  for (const pool of pools) {
    const found = freeIn(rangeOf(pool), bits, obstacles, BigInt(turn));
    if (found !== undefined) return rangeText(found);
  }
  return undefined;
}

/** How many subnets of this size the pools hold at all. */
export function subnetCount(pools: readonly string[], bits: number): number {
  return pools.reduce((sum, pool) => sum + 2 ** Math.max(0, bits - rangeOf(pool).bits), 0);
}

function freeIn(
  pool: IpRange,
  wantedBits: number,
  obstacles: readonly IpRange[],
  turn: bigint,
): IpRange | undefined {
  const bits = Math.max(wantedBits, pool.bits);
  const count = 1n << BigInt(bits - pool.bits);
  const size = (pool.last - pool.first + 1n) / count;
  const near = obstacles.filter((obstacle) => overlaps(obstacle, pool));
  let place = turn % count;
  for (let tried = 0n; tried < count;) {
    const first = pool.first + place * size;
    const candidate = { family: pool.family, bits, first, last: first + size - 1n };
    const obstacle = near.find((one) => overlaps(one, candidate));
    if (obstacle === undefined) return candidate;
    // A wide route covers many candidates: past it in one step.
    const past = (obstacle.last - pool.first) / size + 1n;
    const step = past > place ? past - place : 1n;
    tried += step;
    place = (place + step) % count;
  }
  return undefined;
}
