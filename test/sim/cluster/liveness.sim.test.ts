import { expect, test } from "vitest";

import { ENGINE_RESTARTS, HARMLESS, ISOLATED, LOSE_ENGINE, LOSE_HOST } from "./faults.js";
import { runSimulation, type Simulation } from "./run-simulation.js";

const SEEDS = Number(process.env["SKEP_SIM_SEEDS"] ?? 15);
const FIRST = Number(process.env["SKEP_SIM_FIRST"] ?? 0);

const KINDS: Record<string, (i: number) => Omit<Simulation, "seed">> = {
  harmless: (i) => ({
    faults: [...HARMLESS, ...ENGINE_RESTARTS],
    managers: 1 + (i % 3),
    workers: 3 + (i % 7),
    ownWorkers: i % 2,
  }),
  any: (i) => ({
    faults: [...HARMLESS, ...LOSE_HOST, ...LOSE_ENGINE],
    managers: 1 + (i % 3),
    workers: 3 + (i % 7),
    ownWorkers: i % 2,
  }),
  // A manager doubts itself where it hears of six or more.
  isolated: (i) => ({
    faults: [...HARMLESS, ISOLATED],
    managers: 1 + (i % 3),
    workers: 6 + (i % 5),
    ownWorkers: i % 2,
  }),
};

test.each(Object.entries(KINDS))("%s", async (kind, simulation) => {
  for (let i = FIRST; i < FIRST + SEEDS; i++) {
    const { violations, story } = await runSimulation({ seed: `${kind} ${i}`, ...simulation(i) });
    expect(violations, `seed ${i}\n${violations.join("\n")}\n\n${story}`).toEqual([]);
  }
});
