import { type TSchema, Type } from "@sinclair/typebox";
import { describe, expect, test } from "vitest";

import { choice, mapOf, struct } from "../../shared/docker-api/schema.js";
import {
  compareDescription,
  type DescribedSchema,
  type Description,
} from "./compare-description.js";

const TEXT: DescribedSchema = { type: "string" };

const DEFINITIONS: Record<string, DescribedSchema> = {
  Port: {
    type: "object",
    properties: { Number: { type: "integer" }, Mode: { type: "string", enum: ["host", ""] } },
  },
  Base: { type: "object", properties: { Name: TEXT } },
  Thing: {
    allOf: [
      { $ref: "#/definitions/Base" },
      {
        type: "object",
        properties: {
          Ports: { type: "array", items: { $ref: "#/definitions/Port" } },
          Labels: { type: "object", additionalProperties: TEXT },
          Free: { type: "object" },
          Any: {},
        },
      },
    ],
  },
};

const DESCRIPTION: Description = {
  definitions: DEFINITIONS,
  paths: {
    "/things/create": {
      post: {
        parameters: [
          {
            in: "body",
            schema: { type: "object", title: "ThingRequest", properties: { On: TEXT } },
          },
        ],
      },
    },
  },
};

const PORT = { Number: Type.Integer(), Mode: choice("host") };
const THING = {
  Name: Type.String(),
  Ports: Type.Union([Type.Array(struct(PORT)), Type.Null()]),
  Labels: mapOf(Type.String()),
  Free: struct({ X: Type.String() }),
  Any: Type.Boolean(),
};

function ours(changes: Record<string, TSchema> = {}): Record<string, TSchema> {
  return {
    Port: struct(PORT),
    Base: struct({ Name: Type.String() }),
    Thing: struct(THING),
    ThingRequest: struct({ On: Type.String() }),
    ...changes,
  };
}

describe("schemas compared with a description", () => {
  test("no difference where there is none", () => {
    expect(compareDescription(DESCRIPTION, ours())).toEqual([]);
  });

  test.each<[string, Record<string, TSchema>, string]>([
    [
      "a property left out",
      { Port: struct({ Number: Type.Integer() }) },
      "Port.Mode is in the description and not in ours",
    ],
    [
      "a property of another type",
      { Port: struct({ ...PORT, Number: Type.Number() }) },
      "Port.Number is described as integer, ours is number",
    ],
    [
      "a word left out",
      { Port: struct({ ...PORT, Mode: choice("ingress", "other") }) },
      'Port.Mode is described as "host", ours is choice without it',
    ],
    [
      "a choice where anything goes",
      { ThingRequest: struct({ On: choice("a", "b") }) },
      "ThingRequest.On is described as any string, ours is choice",
    ],
    [
      "a property of ours",
      { ThingRequest: struct({ On: Type.String(), Off: Type.String() }) },
      "ThingRequest.Off is in ours and not in the description",
    ],
    [
      "an item of a list",
      { Thing: struct({ ...THING, Ports: Type.Array(Type.String()) }) },
      "Thing.Ports[] is described as object, ours is string",
    ],
    [
      "a property of an item of a list",
      { Thing: struct({ ...THING, Ports: Type.Array(struct({ Number: Type.Integer() })) }) },
      "Thing.Ports[].Mode is in the description and not in ours",
    ],
    [
      "a value of a map",
      { Thing: struct({ ...THING, Labels: mapOf(Type.Integer()) }) },
      "Thing.Labels{} is described as string, ours is integer",
    ],
    [
      "an object for a map",
      { Thing: struct({ ...THING, Labels: struct({}) }) },
      "Thing.Labels is described as map, ours is object",
    ],
    [
      "a map for an object",
      { Port: mapOf(Type.Integer()) },
      "Port is described as object, ours is map",
    ],
    [
      "a property of what another definition brings",
      { Thing: struct({ ...THING, Name: Type.Boolean() }) },
      "Thing.Name is described as string, ours is boolean",
    ],
    [
      "a schema that is described nowhere",
      { Ghost: struct({}) },
      "Ghost is in ours and not in the description",
    ],
  ])("%s", (_name, changes, message) => {
    const found = compareDescription(DESCRIPTION, ours(changes)).map((one) => one.message);
    expect(found).toEqual([message]);
  });

  test.each(["Base", "ThingRequest"])("a shape without schema: %s", (name) => {
    const { [name]: _removed, ...others } = ours();
    expect(compareDescription(DESCRIPTION, others).map(({ path }) => path)).toEqual([name]);
  });
});
