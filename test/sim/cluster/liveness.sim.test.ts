/** `SKEP_SIM_SEEDS=1000 npx vitest run test/sim/cluster/liveness` looks further. */
import { expect, test } from "vitest";

import { KINDS, simulationOf } from "./kinds.js";
import { runSimulation } from "./run-simulation.js";

const SEEDS = Number(process.env["SKEP_SIM_SEEDS"] ?? 12);
const FIRST = Number(process.env["SKEP_SIM_FIRST"] ?? 0);
/** A seed takes a tenth of a second, and several on a busy machine. */
const PATIENCE_MS = 30_000 + SEEDS * 3_000;

test.each(KINDS)(
  "clusters in trouble: %s",
  async (kind) => {
    for (let number = FIRST; number < FIRST + SEEDS; number++) {
      const { violations, story } = await runSimulation(simulationOf(kind, number));
      const again = `SKEP_SIM_FIRST=${number} SKEP_SIM_SEEDS=1 npx vitest run test/sim/cluster -t ${kind}`;
      expect(violations, `${again}\n${violations.join("\n")}\n\n${story}`).toEqual([]);
    }
  },
  PATIENCE_MS,
);
