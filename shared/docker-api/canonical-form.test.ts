import { Type } from "@sinclair/typebox";
import fc from "fast-check";
import { expect, test } from "vitest";

import { canonicalForm } from "./canonical-form.js";
import { choice, Int64, mapOf, reply, struct, Text, TextList, TextMap } from "./schema.js";

const Inner = struct({ Order: choice("stop-first", "start-first"), List: TextList });
const Shape = struct({
  Name: Text,
  Count: Int64,
  Labels: TextMap,
  Inner,
  Inners: Type.Array(Inner),
  ByName: mapOf(Inner),
  State: choice("", "active"),
  Only: choice("cfssl"),
});

test.each<[string, unknown, unknown]>([
  ["null for a list, a map, a struct", { Labels: null, Inner: null, Inners: null }, {}],
  ["null for a number or a string", { Count: null, Name: null }, {}],
  [
    "null deep inside",
    { Inners: [{ List: null }], ByName: { a: { List: null } } },
    { Inners: [{}], ByName: { a: {} } },
  ],
  ["no word for a choice", { Inner: { Order: "" }, Only: "" }, { Inner: {} }],
  ["an empty word that is one of the words", { State: "" }, { State: "" }],
  ["an empty string that is no choice", { Name: "" }, { Name: "" }],
  ["zero and false are values", { Count: 0 }, { Count: 0 }],
  [
    "names in another case",
    { NAME: "a", inner: { order: "start-first" } },
    { Name: "a", Inner: { Order: "start-first" } },
  ],
  [
    "keys of a map are no names",
    { Labels: { NAME: "a", name: "b" } },
    { Labels: { NAME: "a", name: "b" } },
  ],
  [
    "what is unknown stays, null included",
    { Extra: null, Inner: { more: [null, ""] } },
    { Extra: null, Inner: { more: [null, ""] } },
  ],
  [
    "what has the wrong type stays, to be refused",
    { Inners: "x", Inner: [1], Labels: 3 },
    { Inners: "x", Inner: [1], Labels: 3 },
  ],
])("%s", (_name, sent, canonical) => {
  expect(canonicalForm(Shape, sent)).toEqual(canonical);
});

test("null for what must be there stays, to be refused", () => {
  expect(canonicalForm(reply({ ID: Text }, {}), { ID: null })).toEqual({ ID: null });
});

test("a key named __proto__ is an ordinary key", () => {
  const sent = JSON.parse('{"Name":null,"__proto__":{"x":1}}') as object;
  const canonical = canonicalForm(Shape, sent) as object;
  expect(Object.keys(canonical)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(canonical)).toBe(Object.prototype);
});

test("whatever is sent, nothing is mutated, and twice is the same as once", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.oneof(
          fc.constantFrom("Name", "name", "Inner", "Inners", "ByName", "Labels"),
          fc.string(),
        ),
        fc.jsonValue(),
      ),
      (sent) => {
        const before = structuredClone(sent);
        const once = canonicalForm(Shape, sent);
        expect(sent).toEqual(before);
        expect(canonicalForm(Shape, once)).toBe(once);
      },
    ),
  );
});
