/**
 * The check at the edge: does this JSON have that shape? What passes is in canonical form
 * (`canonical-form.ts`) and of the schema's static type; what does not is refused with one line
 * that names the place and what belongs there.
 *
 * A shape is all that is checked. Whether a name is taken or a range makes sense is the API gate's
 * business.
 */
import { KindGuard, type Static, type TSchema } from "@sinclair/typebox";
import {
  type TypeCheck,
  TypeCompiler,
  type ValueError,
  ValueErrorType,
} from "@sinclair/typebox/compiler";

import { canonicalForm, choicesOf } from "./canonical-form.js";

export type ShapeCheck<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /**
       * Where in the JSON: `TaskTemplate.Placement.Constraints[0]`, or `""` for the whole of it.
       */
      readonly path: string;
      /** One line, the path included. */
      readonly message: string;
    };

/** So that a message stays one short line however long the value. */
const SHOWN_VALUE_CHARS = 40;

export function checkShape<T extends TSchema>(schema: T, value: unknown): ShapeCheck<Static<T>> {
  const check = compiled(schema);
  const canonical = canonicalForm(schema, value);
  if (check.Check(canonical)) return { ok: true, value: canonical };
  const error = check.Errors(canonical).First();
  if (error === undefined) return { ok: false, path: "", message: "malformed" };
  const path = dottedPath(error.path);
  const where = path === "" ? "" : `${path}: `;
  return { ok: false, path, message: where + complaint(error) };
}

/**
 * Compiled once per schema; schemas are module constants, so this holds as many as there are kinds
 * of request.
 */
const COMPILED = new WeakMap<TSchema, TypeCheck<TSchema>>();

function compiled<T extends TSchema>(schema: T): TypeCheck<T> {
  const known = COMPILED.get(schema);
  // The map holds under each schema the check that was made from it.
  if (known !== undefined) return known as unknown as TypeCheck<T>;
  const made = TypeCompiler.Compile(schema);
  COMPILED.set(schema, made);
  return made;
}

function complaint(error: ValueError): string {
  if (error.type === ValueErrorType.ObjectRequiredProperty) return "is missing";
  return `expected ${expectation(error.schema)}, got ${shown(error.value)}`;
}

function expectation(schema: TSchema): string {
  const words = choicesOf(schema);
  if (words.length > 0) return `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`;
  if (KindGuard.IsInteger(schema)) return `a whole number${range(schema)}`;
  if (KindGuard.IsNumber(schema)) return "a number";
  if (KindGuard.IsString(schema)) return "a string";
  if (KindGuard.IsBoolean(schema)) return "true or false";
  if (KindGuard.IsArray(schema)) return "a list";
  if (KindGuard.IsUnion(schema)) return schema.anyOf.map(expectation).join(" or ");
  if (KindGuard.IsNull(schema)) return "null";
  return "an object";
}

function range(schema: { minimum?: number; maximum?: number }): string {
  if (schema.maximum !== undefined) {
    return ` from ${String(schema.minimum)} to ${String(schema.maximum)}`;
  }
  return schema.minimum === 0 ? " of 0 or more" : "";
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "nothing";
  return text.length > SHOWN_VALUE_CHARS ? `${text.slice(0, SHOWN_VALUE_CHARS)}…` : text;
}

/** From a JSON pointer (RFC 6901) to what one would write in code. */
function dottedPath(pointer: string): string {
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce((path, step) => {
    if (/^\d+$/.test(step)) return `${path}[${step}]`;
    if (!/^\w+$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
    return path === "" ? step : `${path}.${step}`;
  }, "");
}
