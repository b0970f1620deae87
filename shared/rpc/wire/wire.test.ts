import { describe, expect, test } from "vitest";

import { DESIRED_STATES, OBSERVED_STATES } from "../../model/task-state.js";
import { enumNumbers } from "../protos.js";
import { enumCodec } from "./fields.js";
import { intern } from "./intern.js";
import { nodeStatusFromWire } from "./node.js";
import { ProtoWriter } from "./proto-writer.js";
import { DESIRED_NUMBERS, OBSERVED_NUMBERS } from "./task.js";

describe("enums", () => {
  test.each([
    ["skep.state.v1.ObservedState", "OBSERVED_", OBSERVED_NUMBERS, OBSERVED_STATES],
    ["skep.state.v1.DesiredState", "DESIRED_", DESIRED_NUMBERS, DESIRED_STATES],
  ])("%s has the names, numbers and order of the protocol", (name, prefix, numbers, ordered) => {
    const declared = Object.entries(enumNumbers(name)).map(([key, number]) => [
      key.slice(prefix.length).toLowerCase(),
      number,
    ]);
    expect(Object.entries(numbers)).toEqual(declared);
    expect(Object.keys(numbers)).toEqual(ordered);
    expect(Object.values(numbers)).toEqual(Object.values(numbers).toSorted((a, b) => a - b));
  });

  test("a state that a later release puts between two others reads as the one before it", () => {
    const codec = enumCodec({ first: 0, second: 64, third: 128 });
    expect([0, 1, 63, 64, 100, 128, 999].map((number) => codec.toName(number))).toEqual([
      "first",
      "first",
      "first",
      "second",
      "second",
      "third",
      "third",
    ]);
  });

  test("a node's state of a later release reads as unknown", () => {
    const status = { state: "hibernating", message: "", address: "" };
    expect(nodeStatusFromWire(status).state).toBe("unknown");
  });
});

describe("the writer of bytes", () => {
  test.each([-1, 1.5, NaN, Infinity, 2 ** 53])("refuses %d as a whole number", (value) => {
    expect(() => {
      new ProtoWriter().uint(1, value);
    }).toThrow("cannot be in field 1");
  });

  test("grows as it must, and gives away what it wrote", () => {
    const writer = new ProtoWriter();
    writer.presentText(1, "x".repeat(100_000));
    const first = writer.take();
    expect(writer.length).toBe(0);
    writer.presentText(1, "y".repeat(100_000));
    expect(Buffer.from(first).subarray(-2).toString()).toBe("xx");
    expect(Buffer.from(writer.since(0)).subarray(-2).toString()).toBe("yy");
  });

  test("knows when a text does not come back as it was", () => {
    const writer = new ProtoWriter();
    writer.text(1, "a whole 🐝, é and ß");
    expect(writer.exact).toBe(true);
    writer.text(1, "half a \ud83d");
    expect(writer.exact).toBe(false);
    writer.reset();
    expect(writer.exact).toBe(true);
  });
});

test("equal texts become one, long ones and very many are left alone", () => {
  const text = (n: number): string => ["text", n].join(" ");
  expect(intern(text(1))).toBe("text 1");
  for (let n = 0; n < 30_000; n++) expect(intern(text(n))).toBe(text(n));
  expect(intern("x".repeat(200))).toHaveLength(200);
});
