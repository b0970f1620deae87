/**
 * The few schema forms from which the Docker API's shapes are put together.
 *
 * Every shape here keeps fields that it does not know (`additionalProperties` stays open), as
 * Docker does. Static types describe the *canonical* value: no `null`, no `""` for an unset choice.
 * `canonical-form.ts` brings what Go clients send into that form before it is checked.
 */
import {
  type TInteger,
  type TLiteral,
  type TObject,
  type TOptional,
  type TProperties,
  type TRecord,
  type TSchema,
  type TString,
  type TUnion,
  Type,
} from "@sinclair/typebox";

/**
 * The first integer past each of Go's types; JSON numbers that large are refused as Go refuses
 * them.
 */
const PAST_INT64 = 2 ** 63;
const PAST_UINT64 = 2 ** 64;
const UINT32_MAX = 2 ** 32 - 1;

export const Text = Type.String();
export const Flag = Type.Boolean();
export const TextList = Type.Array(Text);
export const TextMap = mapOf(Text);

/**
 * Go's `int64` and `int`. A JavaScript number is exact only up to 2^53; larger values are kept as
 * near as it gets.
 */
export const Int64: TInteger = Type.Integer({ minimum: -PAST_INT64, exclusiveMaximum: PAST_INT64 });
export const Uint64: TInteger = Type.Integer({ minimum: 0, exclusiveMaximum: PAST_UINT64 });
export const Uint32: TInteger = Type.Integer({ minimum: 0, maximum: UINT32_MAX });

/** A length of time in nanoseconds, as Go's `time.Duration` travels in JSON. */
export const Nanoseconds = Int64;

/** RFC 3339 with up to nine digits of a second; Go's zero time is `0001-01-01T00:00:00Z`. */
export const Timestamp = Text;

/** Bytes in base64, as Go's `[]byte` travels in JSON. */
export const Base64 = Text;

type AllOptional<T extends TProperties> = { [K in keyof T]: TOptional<T[K]> };

/**
 * From any key to such a value. (TypeBox's own pattern, `^(.*)$`, lets values slip through under a
 * key with a line break.)
 */
export function mapOf<T extends TSchema>(values: T): TRecord<TString, T> {
  return Type.Record(Type.String({ pattern: "^" }), values);
}

/**
 * An object each of whose properties may be missing: what Go's decoder makes of nearly every
 * struct.
 */
export function struct<T extends TProperties>(properties: T): TObject<AllOptional<T>> {
  return Type.Object(allOptional(properties));
}

/**
 * An object of which the server always writes `always`, and `sometimes` only when there is
 * something to say.
 */
export function reply<A extends TProperties, S extends TProperties>(
  always: A,
  sometimes: S,
): TObject<A & AllOptional<S>> {
  return Type.Object({ ...always, ...allOptional(sometimes) });
}

type Literals<V extends readonly string[]> = { -readonly [I in keyof V]: TLiteral<V[I]> };

/** One of these words. */
export function choice<const V extends readonly string[]>(...words: V): TUnion<Literals<V>> {
  // The mapped tuple is exactly what `map` makes, which its type cannot say.
  return Type.Union(words.map((word) => Type.Literal(word))) as unknown as TUnion<Literals<V>>;
}

function allOptional<T extends TProperties>(properties: T): AllOptional<T> {
  const entries = Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)]);
  return Object.fromEntries(entries) as AllOptional<T>;
}
