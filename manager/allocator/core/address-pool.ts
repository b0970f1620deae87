/**
 * The addresses of one subnet: who holds one, and which is next. They are given in turn, so that
 * one that was given back comes last, and none within a minute: hosts, resolvers and connections
 * may still mean its former owner.
 */
import { addressAt, type IpRange, offsetIn, rangeOf } from "../../../shared/model/ip-address.js";
import type { NetworkSubnet } from "../../../shared/model/network.js";

/** What was given back is not given again for so long. */
export const REST_MS = 60_000;

/** Of a larger subnet only so many are ever used: each costs memory, and nobody has more tasks. */
const ADDRESSES_MAX = 1n << 24n;
/** With fewer addresses a subnet has no network and broadcast addresses (RFC 3021). */
const POINT_TO_POINT = 2n;

export class AddressPool {
  readonly cidr: string;
  readonly family: IpRange["family"];
  /** Addresses that owners can have. */
  readonly size: number;
  readonly #subnet: IpRange;
  readonly #first: number;
  readonly #last: number;
  readonly #held = new Set<number>();
  /** Until when each rests, the soonest first. */
  readonly #resting = new Map<number, number>();
  readonly #never = new Set<number>();
  /** Held, and none of those that are given in turn: only who names one gets it. */
  readonly #beyond = new Set<number>();
  readonly #whole: Bounds;
  #next: number;

  constructor({ cidr, range, gateway }: NetworkSubnet) {
    this.cidr = cidr;
    this.#subnet = rangeOf(cidr);
    this.family = this.#subnet.family;
    const { first, last, whole } = usable(
      this.#subnet,
      range === undefined ? undefined : rangeOf(range),
    );
    this.#whole = whole;
    this.#first = first;
    this.#last = last;
    this.#next = first;
    const reserved = gateway === undefined ? undefined : this.#offset(gateway);
    if (reserved !== undefined && reserved >= first && reserved <= last) this.#never.add(reserved);
    this.size = last - first + 1 - this.#never.size;
  }

  /** Addresses that nobody has and that do not rest. */
  free(nowMs: number): number {
    this.#wake(nowMs);
    return Math.max(0, this.size - this.#held.size - this.#resting.size);
  }

  resting(nowMs: number): number {
    this.#wake(nowMs);
    return this.#resting.size;
  }

  /** Somebody has it. @returns whether it is of this subnet */
  hold(address: string): boolean {
    const offset = this.#offset(address);
    if (offset === undefined) return false;
    if (!this.#isInTurn(offset)) {
      this.#beyond.add(offset);
      return true;
    }
    this.#resting.delete(offset);
    if (!this.#held.has(offset)) this.#next = offset + 1;
    this.#held.add(offset);
    return true;
  }

  /** @returns whether somebody had it here */
  release(address: string, nowMs: number): boolean {
    const offset = this.#offset(address);
    if (offset === undefined) return false;
    if (this.#beyond.delete(offset)) return true;
    if (!this.#held.delete(offset)) return false;
    this.#resting.set(offset, nowMs + REST_MS);
    return true;
  }

  /** It was taken and never given: nobody knows of it. @returns whether it was held here */
  putBack(address: string): boolean {
    const offset = this.#offset(address);
    return offset !== undefined && (this.#beyond.delete(offset) || this.#held.delete(offset));
  }

  /** Nobody has it, and somebody had it until then. */
  restIfFree(address: string, freedMs: number): void {
    const offset = this.#offset(address);
    if (offset === undefined || this.#held.has(offset) || !this.#isInTurn(offset)) return;
    this.#resting.delete(offset);
    this.#resting.set(offset, freedMs + REST_MS);
  }

  /** What was held or rested there and is not held here rests from now on. */
  restAllOf(former: AddressPool, nowMs: number): void {
    for (const offset of [...former.#resting.keys(), ...former.#held])
      if (!this.#held.has(offset)) this.#resting.set(offset, nowMs + REST_MS);
  }

  contains(address: string): boolean {
    return this.#offset(address) !== undefined;
  }

  /** The next one, held from now on; undefined where none is free. */
  take(nowMs: number): string | undefined {
    if (this.free(nowMs) === 0) return undefined;
    for (let tried = this.#first; tried <= this.#last; tried++) {
      if (this.#next > this.#last || this.#next < this.#first) this.#next = this.#first;
      const offset = this.#next++;
      if (this.#held.has(offset) || this.#resting.has(offset) || this.#never.has(offset)) continue;
      this.#held.add(offset);
      return addressAt(this.#subnet, BigInt(offset));
    }
    return undefined;
  }

  /**
   * This one, which its user asked for by name and nobody has: it may rest, and may be outside of
   * the range that addresses are chosen from.
   */
  takeNamed(address: string): "taken" | "in-use" | "outside" {
    const offset = this.#offset(address);
    const { first, last } = this.#whole;
    if (offset === undefined || offset < first || offset > last) return "outside";
    if (this.#held.has(offset) || this.#beyond.has(offset) || this.#never.has(offset))
      return "in-use";
    this.#resting.delete(offset);
    (this.#isInTurn(offset) ? this.#held : this.#beyond).add(offset);
    return "taken";
  }

  #isInTurn(offset: number): boolean {
    return offset >= this.#first && offset <= this.#last;
  }

  #wake(nowMs: number): void {
    for (const [offset, untilMs] of this.#resting) {
      if (untilMs > nowMs) return;
      this.#resting.delete(offset);
    }
  }

  #offset(address: string): number | undefined {
    const offset = offsetIn(this.#subnet, address);
    return offset === undefined || offset > ADDRESSES_MAX ? undefined : Number(offset);
  }
}

/** Addresses that a subnet has for owners: what `network inspect` counts against. */
export function poolSize(subnet: NetworkSubnet): number {
  return new AddressPool(subnet).size;
}

/** Offsets in the subnet, both included. */
interface Bounds {
  readonly first: number;
  readonly last: number;
}

/** What is given in turn, and the whole of what an owner can have. */
function usable(subnet: IpRange, range: IpRange | undefined): Bounds & { readonly whole: Bounds } {
  const size = subnet.last - subnet.first + 1n;
  const whole =
    size <= POINT_TO_POINT
      ? { first: 0n, last: size - 1n }
      : { first: 1n, last: subnet.family === "ipv4" ? size - 2n : size - 1n };
  const from = range === undefined ? 0n : range.first - subnet.first;
  const to = range === undefined ? size - 1n : range.last - subnet.first;
  const first = whole.first > from ? whole.first : from;
  const wanted = whole.last < to ? whole.last : to;
  const last = wanted > ADDRESSES_MAX ? ADDRESSES_MAX : wanted;
  const highest = whole.last > ADDRESSES_MAX ? ADDRESSES_MAX : whole.last;
  return {
    first: Number(first),
    last: Number(last),
    whole: { first: Number(whole.first), last: Number(highest) },
  };
}
