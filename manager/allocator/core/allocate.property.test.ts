/** DESIGN section 5, point 7: no address, VNI or published port has two owners. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { calm, lead, newWorld, restart } from "../../../test/allocation-steps.js";

describe("whatever happens", () => {
  test("nothing has two owners, and what was given back rests for a minute", () => {
    fc.assert(
      fc.property(fc.array(calm, { minLength: 20, maxLength: 120 }), (steps) => {
        const world = newWorld();
        for (const step of steps) {
          step(world);
          world.check();
        }
      }),
      { numRuns: 150 },
    );
  });

  test("and so it is after changes of the leader, and after managers are started anew", () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 10, arbitrary: calm },
        { weight: 2, arbitrary: lead },
        { weight: 1, arbitrary: restart },
      ),
      {
        minLength: 20,
        maxLength: 120,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const world = newWorld();
        for (const step of all) {
          step(world);
          world.check();
        }
      }),
      { numRuns: 150 },
    );
  });

  test("once settled, a second look changes nothing", () => {
    fc.assert(
      fc.property(fc.array(calm, { minLength: 10, maxLength: 60 }), (steps) => {
        const world = newWorld();
        for (const step of steps) step(world);
        world.settle();
        const { sequence } = world.view;
        world.changeLeader();
        world.settle();
        expect(world.view.sequence).toBe(sequence);
      }),
      { numRuns: 60 },
    );
  });
});
