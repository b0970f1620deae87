import fc from "fast-check";
import { expect, test } from "vitest";

import { parseFilters, passes, passesLabels } from "./filters.js";

test.each([
  [undefined, []],
  ["", []],
  ["{}", []],
  ['{"name":["a","b"]}', [["name", ["a", "b"]]]],
  ['{"name":{"a":true,"b":false}}', [["name", ["a", "b"]]]],
  ['{"name":{}}', [["name", []]]],
])("%s", (text, expected) => {
  expect([...parseFilters(text, ["name"])]).toEqual(expected);
});

test.each([
  ["{", "Invalid filter"],
  ["[]", "Invalid filter"],
  ["null", "Invalid filter"],
  ['"name"', "Invalid filter"],
  ['{"name":"a"}', "Invalid filter"],
  ['{"name":[1]}', "Invalid filter"],
  ['{"name":{"a":"yes"}}', "Invalid filter"],
  ['{"size":["a"]}', "Invalid filter 'size'"],
  ['{"__proto__":["a"]}', "Invalid filter '__proto__'"],
])("%s is none", (text, message) => {
  expect(() => parseFilters(text, ["name"])).toThrow(message);
});

test("both notations mean the same", () => {
  const values = fc.uniqueArray(fc.string());
  fc.assert(
    fc.property(values, fc.string(), (wanted, actual) => {
      const list = parseFilters(JSON.stringify({ name: wanted }), ["name"]);
      const map = parseFilters(
        JSON.stringify({ name: Object.fromEntries(wanted.map((value) => [value, true])) }),
        ["name"],
      );
      const holds = (value: string): boolean => actual.startsWith(value);
      expect(passes(list, "name", holds)).toBe(passes(map, "name", holds));
    }),
  );
});

test.each([
  [["a"], { a: "1" }, true],
  [["a="], { a: "1" }, true],
  [["a=1"], { a: "1" }, true],
  [["a=1=2"], { a: "1=2" }, true],
  [["a=2"], { a: "1" }, false],
  [["b"], { a: "1" }, false],
  [["a", "b"], { a: "1" }, false],
  [["toString"], {}, false],
  [[], {}, true],
])("labels %j of %j: %s", (wanted, labels, expected) => {
  const filters = parseFilters(JSON.stringify({ label: wanted }), ["label"]);
  expect(passesLabels(filters, "label", labels)).toBe(expected);
});
