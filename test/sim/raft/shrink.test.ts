import { expect, test } from "vitest";

import { planOf } from "./plan.js";
import { shrink } from "./shrink.js";

test("leaves out all faults that the violation does not need", async () => {
  const plan = planOf(3);
  const needed = [plan.faults.at(1), plan.faults.at(-1)];
  const { faults } = await shrink(plan, (tried) => {
    const fails = needed.every((fault) => fault !== undefined && tried.faults.includes(fault));
    return Promise.resolve({ violation: fails ? { property: "p", detail: "" } : undefined });
  });
  expect(faults).toEqual(needed);
});
