import { describe, expect, test } from "vitest";

import { planOf } from "./plan.js";
import { runPlan } from "./run-seed.js";
import { SUITE_SEEDS } from "./suite-seeds.js";

/** What one test runs: some seconds. */
const SEEDS_PER_TEST = 50;
/** On a busy machine a minute; nothing that is promised depends on it. */
const PATIENCE_MS = 120_000;

describe("managers that agree on a log", () => {
  const firsts = SUITE_SEEDS.filter((_, i) => i % SEEDS_PER_TEST === 0);
  test.each(firsts)(
    "keep every promise (%i and the seeds after it)",
    async (first) => {
      const from = SUITE_SEEDS.indexOf(first);
      for (const seed of SUITE_SEEDS.slice(from, from + SEEDS_PER_TEST)) {
        const { violation } = await runPlan(planOf(seed));
        expect(violation, `npm run sim -- --from ${seed} --seeds 1 --trace`).toBeUndefined();
      }
    },
    PATIENCE_MS,
  );

  test.each([3, 11, 42])("live the same life from the same seed (%i)", async (seed) => {
    const [one, other] = [await runPlan(planOf(seed)), await runPlan(planOf(seed))];
    expect(other).toEqual(one);
  });
});
