import { expect, it } from "vitest";

import { Resets } from "./resets.js";

it("breaks off the calls that are given in one turn in as many turns, in their order", async () => {
  const resets = new Resets();
  const seen: string[] = [];
  let turn = 0;
  const count = (): void => {
    turn += 1;
    if (turn < 10) setImmediate(count);
  };
  setImmediate(count);
  await new Promise<void>((done) => {
    for (const name of ["a", "b", "c"]) {
      resets.add(() => {
        seen.push(`${name} in turn ${String(turn)}`);
        if (name === "c") done();
      });
    }
    expect(seen).toEqual([]);
  });
  expect(seen.map((line) => line[0])).toEqual(["a", "b", "c"]);
  expect(new Set(seen.map((line) => line.slice(2))).size).toBe(3);
});
