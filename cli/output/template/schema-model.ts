/**
 * The API's objects as Docker's templates see them, which are written for Go structs: `{{.User}}`
 * of a container without a user is empty and no error, `{{if .Spec.Mode.Global}}` is true for `{}`,
 * and a field that no such object has is an error.
 */
import type { TSchema } from "@sinclair/typebox";

import { TemplateError } from "./syntax.js";
import { MAPS, type ObjectModel } from "./values.js";

/** The parts of a JSON schema that matter here. */
interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

export function modelOf(schema: TSchema, value: unknown): ObjectModel {
  const structs = new WeakMap<object, Shape>();
  mark(schema as Shape, value, structs);
  return {
    isStruct: (object) => structs.has(object),
    field(object, name) {
      const shape = structs.get(object);
      const own = Object.hasOwn(object, name) ? MAPS.field(object, name) : null;
      if (own !== null) return own;
      if (shape?.properties === undefined) return MAPS.field(object, name);
      if (Object.hasOwn(shape.properties, name)) return zeroOf(shape.properties[name] ?? {});
      const known = Object.keys(shape.properties).join(", ");
      throw new TemplateError(`no field "${name}" (there are: ${known})`);
    },
  };
}

function mark(shape: Shape, value: unknown, structs: WeakMap<object, Shape>): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) mark(shape.items ?? {}, item, structs);
    return;
  }
  if (shape.properties !== undefined) structs.set(value, shape);
  const ofEvery = Object.values(shape.patternProperties ?? {})[0] ?? {};
  for (const [name, held] of Object.entries(value)) {
    mark(shape.properties?.[name] ?? ofEvery, held, structs);
  }
}

/** What Go has where the JSON has nothing: a nested struct is a pointer, and so nil. */
function zeroOf(shape: Shape): unknown {
  if (shape.type === "integer" || shape.type === "number") return 0;
  if (shape.type === "boolean") return false;
  if (shape.type === "array") return [];
  if (shape.type === "object") return shape.properties === undefined ? {} : null;
  return "";
}
