import { describe, expect, test } from "vitest";

import { planOf } from "./plan.js";
import { runPlan } from "./run-seed.js";

/** `npm run sim` runs as many more as one likes. */
const GROUPS = 6;
const SEEDS_PER_GROUP = 50;

describe("managers that agree on a log", () => {
  const groups = Array.from({ length: GROUPS }, (_, i) => 1 + i * SEEDS_PER_GROUP);
  test.each(groups)("keep every promise (%i and the seeds after it)", async (first) => {
    for (let seed = first; seed < first + SEEDS_PER_GROUP; seed++) {
      const { violation } = await runPlan(planOf(seed));
      expect(violation, `npm run sim -- --from ${seed} --seeds 1 --trace`).toBeUndefined();
    }
  });

  test.each([3, 11, 42])("live the same life from the same seed (%i)", async (seed) => {
    const [one, other] = [await runPlan(planOf(seed)), await runPlan(planOf(seed))];
    expect(other).toEqual(one);
  });
});
