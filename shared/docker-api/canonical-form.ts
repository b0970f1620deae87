/**
 * Brings what clients send into the one form that the schemas describe, by the rules of Go's JSON
 * decoder, which is what clients of Docker's API rely on:
 * - `null` for a known property is the same as leaving it out (Go clients send it for empty lists,
 *   maps and pointers);
 * - so is `""` for a choice that has no such word (Go clients send it for fields without
 *   `omitempty`, such as `Order`);
 * - names of known properties match whatever their case (the description says `HealthCheck`, Go
 *   says `Healthcheck`).
 *
 * Everything unknown is kept exactly as it came. Nothing is mutated: a value already in this form
 * is returned as it is.
 */
// `KindGuard` looks at a schema's mark alone; `TypeGuard` walks the whole schema at every call.
import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";

export function canonicalForm(schema: TSchema, value: unknown): unknown {
  if (KindGuard.IsObject(schema) && isPlainObject(value)) return canonicalObject(schema, value);
  if (KindGuard.IsArray(schema) && Array.isArray(value)) {
    return unlessSame(
      value,
      value.map((item) => canonicalForm(schema.items, item)),
    );
  }
  if (KindGuard.IsRecord(schema) && isPlainObject(value)) {
    const values = Object.values(schema.patternProperties)[0];
    if (values === undefined) return value;
    const entries = Object.entries(value).map(
      ([key, v]) => [key, canonicalForm(values, v)] as const,
    );
    return unlessSameEntries(value, entries);
  }
  return value;
}

function canonicalObject(schema: TObject, value: Record<string, unknown>): unknown {
  const spellings = spellingsOf(schema);
  const entries: [string, unknown][] = [];
  for (const [key, held] of Object.entries(value)) {
    const name = Object.hasOwn(schema.properties, key) ? key : spellings.get(key.toLowerCase());
    const property = name === undefined ? undefined : schema.properties[name];
    if (name === undefined || property === undefined) {
      entries.push([key, held]);
    } else if (!isAbsent(property, held)) {
      entries.push([name, canonicalForm(property, held)]);
    }
  }
  return unlessSameEntries(value, entries);
}

/** A property that must be there is never absent: its `null` stands, for the check to refuse. */
function isAbsent(property: TSchema, held: unknown): boolean {
  if (!KindGuard.IsOptional(property)) return false;
  if (held === null || held === undefined) return true;
  return held === "" && isChoice(property) && !choicesOf(property).includes("");
}

function isChoice(schema: TSchema): boolean {
  if (KindGuard.IsLiteral(schema)) return true;
  return KindGuard.IsUnion(schema) && schema.anyOf.every((one) => KindGuard.IsLiteral(one));
}

/**
 * The words of a `choice`; a choice of one word is a plain literal in TypeBox. None for any other
 * schema.
 */
export function choicesOf(schema: TSchema): readonly unknown[] {
  if (KindGuard.IsLiteral(schema)) return [schema.const];
  if (!KindGuard.IsUnion(schema)) return [];
  return schema.anyOf.flatMap((one) => (KindGuard.IsLiteral(one) ? [one.const] : []));
}

/** Lower-case spelling → name, made once per schema. */
const SPELLINGS = new WeakMap<TObject, ReadonlyMap<string, string>>();

function spellingsOf(schema: TObject): ReadonlyMap<string, string> {
  const known = SPELLINGS.get(schema);
  if (known !== undefined) return known;
  const made = new Map(Object.keys(schema.properties).map((name) => [name.toLowerCase(), name]));
  SPELLINGS.set(schema, made);
  return made;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unlessSame(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return after.every((item, i) => item === before[i]) ? before : after;
}

function unlessSameEntries(
  before: Record<string, unknown>,
  after: readonly (readonly [string, unknown])[],
): unknown {
  const same =
    after.length === Object.keys(before).length &&
    after.every(([key, value]) => Object.hasOwn(before, key) && before[key] === value);
  // `fromEntries` defines, so that a key named `__proto__` stays an ordinary key.
  return same ? before : Object.fromEntries(after);
}
