// Labels and variables of several flags and files, put together.
import { describe, expect, test } from "vitest";

import { collectVariables, toMap } from "./key-values.js";

test("the last of a key counts", () => {
  expect(toMap(["a=1", "b", "a=2", "c=x=y"])).toEqual({ a: "2", b: "", c: "x=y" });
});

describe("variables of files and of flags", () => {
  const env = { HOME: "/root", EMPTY: "" };

  test("come in order, the later in place of the earlier", () => {
    const file = "\uFEFFA=1\n# comment\n\n  B=2\r\nHOME\nUNSET\nA=3\n";
    expect(collectVariables([["f", file]], ["C=4", "B=5", "EMPTY", "UNKNOWN"], env)).toEqual([
      "HOME=/root",
      "A=3",
      "C=4",
      "B=5",
      "EMPTY=",
      "UNKNOWN",
    ]);
  });

  test.each([
    ["=x", "no variable name on line '=x' of vars"],
    ["A B=c", "variable 'A B' contains whitespaces (in vars)"],
  ])("a file with %s is refused", (contents, message) => {
    expect(() => collectVariables([["vars", contents]], [], env)).toThrow(message);
  });
});
