/**
 * How protobuf's fields reach ours: absent ones, 64-bit integers, and enums
 * that are string unions here.
 */
import { assert } from "../../errors/assert.js";

/**
 * Whether an optional field is there: protobufjs reads an absent one as null,
 * we write it as undefined.
 */
export function isSet<T>(field: T | null | undefined): field is T {
  return field !== null && field !== undefined;
}

/** What protobufjs makes of a `uint64`: a number when we write it, a `Long` when it reads one. */
export type WireUint64 = number | { toNumber(): number };

/** Counters stay far below 2^53, where numbers are still exact. */
export function fromUint64(value: WireUint64): number {
  return typeof value === "number" ? value : value.toNumber();
}

export interface EnumCodec<Name extends string> {
  toNumber(name: Name): number;
  /** A number that this release does not know reads as the nearest known state before it. */
  toName(number: number): Name;
}

/**
 * @param numbers every name with its number; the compiler holds it complete (`satisfies
 *   Record<Name, number>`).
 */
export function enumCodec<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
): EnumCodec<Name> {
  const ascending = (Object.entries(numbers) as [Name, number][]).sort(([, a], [, b]) => a - b);
  const names = new Map(ascending.map(([name, number]) => [number, name]));
  return {
    toNumber: (name) => numbers[name],
    toName(number) {
      const name = names.get(number) ?? ascending.findLast(([, known]) => known < number)?.[0];
      assert(name !== undefined, `enum number ${number} is below the lowest one`);
      return name;
    },
  };
}
