import { expect, test } from "vitest";

import { differences } from "./differences.js";

test.each<[string, unknown, unknown, string[]]>([
  ["nothing", { a: 1, b: [1] }, { b: [1], a: 1 }, []],
  ["a value", { C: { Image: "v1" } }, { C: { Image: "v2" } }, ["~ C.Image: v1 → v2"]],
  ["a new one", {}, { F: 1 }, ["+ F: 1"]],
  ["one that is gone", { F: { G: true } }, {}, ["- F.G: true"]],
  [
    "variables, wherever they stand",
    { Env: ["A=1", "B=2"] },
    { Env: ["B=2", "A=3"] },
    ["- Env[A=1]", "+ Env[A=3]"],
  ],
  [
    "a command line, whose order is its meaning",
    { Args: ["a", "b"] },
    { Args: ["b", "a"] },
    ['~ Args: ["a","b"] → ["b","a"]'],
  ],
])("%s", (_, before, after, lines) => {
  expect(differences(before, after)).toEqual(lines);
});
