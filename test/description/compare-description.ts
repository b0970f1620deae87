/**
 * Compares our schemas with the official description of the API (Swagger 2.0), property by
 * property: each that it names must be ours with the same JSON type and no fewer words to choose
 * from, and each of ours must be in it.
 */
import { type TSchema, TypeGuard } from "@sinclair/typebox";

export interface DescribedSchema {
  readonly $ref?: string;
  readonly allOf?: readonly DescribedSchema[];
  readonly type?: string;
  readonly title?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, DescribedSchema>>;
  readonly items?: DescribedSchema;
  readonly additionalProperties?: DescribedSchema;
}

interface DescribedOperation {
  readonly parameters?: readonly { readonly in: string; readonly schema?: DescribedSchema }[];
  readonly responses?: Readonly<Record<string, { readonly schema?: DescribedSchema }>>;
}

export interface Description {
  readonly definitions: Readonly<Record<string, DescribedSchema>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

export interface Difference {
  /**
   * `Definition.Property.Inner`; `[]` stands for each item of a list, `{}` for each value of a map.
   */
  readonly path: string;
  readonly what: "missing" | "added" | "different";
  readonly message: string;
}

/**
 * @param schemas ours, under the name that the definition, or the request's title, has in the
 * description
 */
export function compareDescription(
  description: Description,
  schemas: Readonly<Record<string, TSchema>>,
): Difference[] {
  const described = { ...description.definitions, ...titledShapes(description) };
  const comparer = new Comparer(described, schemas);
  const unknown = Object.keys(schemas).filter((name) => !Object.hasOwn(described, name));
  return [
    ...Object.entries(described).flatMap(([name, shape]) => {
      const ours = schemas[name];
      if (ours === undefined) return [missing(name)];
      return comparer.compare(name, shape, ours);
    }),
    ...unknown.map(added),
  ];
}

/** Requests and answers that are described in place, under their titles. */
function titledShapes({ paths }: Description): Record<string, DescribedSchema> {
  const shapes: Record<string, DescribedSchema> = {};
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const bodies = (operation.parameters ?? []).map(({ schema }) => schema);
      const answers = Object.values(operation.responses ?? {}).map(({ schema }) => schema);
      for (const shape of [...bodies, ...answers]) {
        if (shape?.properties !== undefined) shapes[shape.title ?? `${method} ${path}`] = shape;
      }
    }
  }
  return shapes;
}

class Comparer {
  readonly #described: Readonly<Record<string, DescribedSchema>>;
  readonly #schemas: Readonly<Record<string, TSchema>>;

  constructor(
    described: Readonly<Record<string, DescribedSchema>>,
    schemas: Readonly<Record<string, TSchema>>,
  ) {
    this.#described = described;
    this.#schemas = schemas;
  }

  compare(path: string, reference: DescribedSchema, schema: TSchema): Difference[] {
    if (this.#isComparedElsewhere(reference, schema)) return [];
    const described = this.#resolve(reference);
    const ours = withoutNull(schema);
    const type = jsonTypeOf(ours);
    if (described.type === undefined) return [];
    if (described.type !== type) return [different(path, described.type, type)];
    switch (described.type) {
      case "array":
        return this.#compareInner(`${path}[]`, described.items, itemsOf(ours));
      case "object":
        return this.#compareObject(path, described, ours);
      case "string":
        return compareWords(path, described.enum, wordsOf(ours));
      default:
        return [];
    }
  }

  /** Its definition is compared under its own name, so that a difference is told once. */
  #isComparedElsewhere({ $ref }: DescribedSchema, schema: TSchema): boolean {
    if ($ref === undefined) return false;
    const named = this.#schemas[nameIn($ref)];
    return named !== undefined && JSON.stringify(named) === JSON.stringify(schema);
  }

  #compareObject(path: string, described: DescribedSchema, ours: TSchema): Difference[] {
    if (described.additionalProperties !== undefined) {
      if (!TypeGuard.IsRecord(ours)) return [different(path, "map", "object")];
      const values = Object.values(ours.patternProperties)[0];
      return this.#compareInner(`${path}{}`, described.additionalProperties, values);
    }
    if (described.properties === undefined) return [];
    if (!TypeGuard.IsObject(ours)) return [different(path, "object", "map")];
    const properties = described.properties;
    const extra = Object.keys(ours.properties).filter((name) => !Object.hasOwn(properties, name));
    return [
      ...Object.entries(properties).flatMap(([name, property]) => {
        const inner = ours.properties[name];
        if (inner === undefined) return [missing(`${path}.${name}`)];
        return this.compare(`${path}.${name}`, property, inner);
      }),
      ...extra.map((name) => added(`${path}.${name}`)),
    ];
  }

  #compareInner(
    path: string,
    described: DescribedSchema | undefined,
    ours: TSchema | undefined,
  ): Difference[] {
    if (described === undefined || ours === undefined) return [];
    return this.compare(path, described, ours);
  }

  /** Follows `$ref` and folds `allOf` into one object. */
  #resolve(reference: DescribedSchema): DescribedSchema {
    const { $ref, allOf, ...own } = reference;
    if ($ref !== undefined) {
      const target = this.#described[nameIn($ref)];
      if (target === undefined) throw new Error(`the description lacks ${$ref}`);
      return this.#resolve(target);
    }
    if (allOf === undefined) return own;
    const parts = [...allOf.map((part) => this.#resolve(part)), own];
    const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {})) as object;
    return {
      ...(Object.assign({}, ...parts) as DescribedSchema),
      ...(Object.keys(properties).length === 0 ? {} : { properties: { ...properties } }),
    };
  }
}

function nameIn($ref: string): string {
  return $ref.replace("#/definitions/", "");
}

function withoutNull(schema: TSchema): TSchema {
  if (!TypeGuard.IsUnion(schema)) return schema;
  const others = schema.anyOf.filter((one) => !TypeGuard.IsNull(one));
  return others.length === 1 && others[0] !== undefined ? others[0] : schema;
}

function jsonTypeOf(schema: TSchema): string {
  if (TypeGuard.IsObject(schema) || TypeGuard.IsRecord(schema)) return "object";
  if (TypeGuard.IsArray(schema)) return "array";
  if (TypeGuard.IsInteger(schema)) return "integer";
  if (TypeGuard.IsNumber(schema)) return "number";
  if (TypeGuard.IsBoolean(schema)) return "boolean";
  if (TypeGuard.IsString(schema) || wordsOf(schema) !== undefined) return "string";
  return "unknown";
}

function itemsOf(schema: TSchema): TSchema | undefined {
  return TypeGuard.IsArray(schema) ? schema.items : undefined;
}

/** The words of a choice; undefined for any string. */
function wordsOf(schema: TSchema): readonly unknown[] | undefined {
  if (TypeGuard.IsLiteral(schema)) return [schema.const];
  if (!TypeGuard.IsUnion(schema)) return undefined;
  return schema.anyOf.map((one) => (TypeGuard.IsLiteral(one) ? one.const : undefined));
}

/** `""` need not be among ours: it is taken for leaving the choice open. */
function compareWords(
  path: string,
  described: readonly string[] | undefined,
  ours: readonly unknown[] | undefined,
): Difference[] {
  if (ours === undefined) return [];
  if (described === undefined) return [different(path, "any string", "choice")];
  return described
    .filter((word) => word !== "" && !ours.includes(word))
    .map((word) => different(path, `"${word}"`, "choice without it"));
}

function missing(path: string): Difference {
  return { path, what: "missing", message: `${path} is in the description and not in ours` };
}

function added(path: string): Difference {
  return { path, what: "added", message: `${path} is in ours and not in the description` };
}

function different(path: string, described: string, ours: string): Difference {
  return {
    path,
    what: "different",
    message: `${path} is described as ${described}, ours is ${ours}`,
  };
}
