import { expect, test } from "vitest";

import { HARMLESS } from "./faults.js";
import { runSimulation } from "./run-simulation.js";

const SEEDS = Number(process.env["SKEP_SIM_SEEDS"] ?? 20);
const FIRST = Number(process.env["SKEP_SIM_FIRST"] ?? 0);

const KINDS = {
  harmless: HARMLESS,
};

test.each(Object.entries(KINDS))("%s", async (kind, faults) => {
  for (let i = FIRST; i < FIRST + SEEDS; i++) {
    const seed = `${kind} ${i}`;
    const sizes = { managers: 1 + (i % 3), workers: 3 + (i % 7) };
    const { violations, story } = await runSimulation({ seed, faults, ...sizes });
    expect(violations, `seed ${i}\n${story}`).toEqual([]);
  }
});
