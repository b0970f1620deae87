/** Arithmetic with addresses and subnets, IPv4 and IPv6 alike. Texts are in their shortest form. */
import ipaddr from "ipaddr.js";

export interface IpRange {
  readonly family: "ipv4" | "ipv6";
  readonly first: bigint;
  readonly last: bigint;
  /** Length of the prefix. */
  readonly bits: number;
}

const WIDTH_BITS = { ipv4: 32, ipv6: 128 } as const;
const BITS_PER_BYTE = 8n;
const BYTE_MAX = 0xffn;

/** Undefined where it is no subnet. What lies behind the prefix is ignored. */
export function parseRange(cidr: string): IpRange | undefined {
  if (!ipaddr.isValidCIDR(cidr)) return undefined;
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const family = address.kind();
  const size = 1n << BigInt(WIDTH_BITS[family] - bits);
  const first = (valueOf(address) / size) * size;
  return { family, first, last: first + size - 1n, bits };
}

/** @param cidr was parsed before it was stored. */
export function rangeOf(cidr: string): IpRange {
  const range = parseRange(cidr);
  if (range === undefined) throw new TypeError(`${cidr} is no subnet`);
  return range;
}

/** The subnet of this one address, as text; undefined where it is none. */
export function rangeOfAddress(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  return `${address}/${WIDTH_BITS[ipaddr.parse(address).kind()]}`;
}

/** Undefined where it is no address of the range's family. */
export function offsetIn(range: IpRange, address: string): bigint | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() !== range.family) return undefined;
  const value = valueOf(parsed);
  return value >= range.first && value <= range.last ? value - range.first : undefined;
}

export function addressAt(range: IpRange, offset: bigint): string {
  const bytes: number[] = [];
  let rest = range.first + offset;
  for (let left = WIDTH_BITS[range.family]; left > 0; left -= Number(BITS_PER_BYTE)) {
    bytes.unshift(Number(rest & BYTE_MAX));
    rest >>= BITS_PER_BYTE;
  }
  return ipaddr.fromByteArray(bytes).toString();
}

export function rangeText(range: IpRange): string {
  return `${addressAt(range, 0n)}/${range.bits}`;
}

export function overlaps(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function valueOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((sum, byte) => (sum << BITS_PER_BYTE) | BigInt(byte), 0n);
}
