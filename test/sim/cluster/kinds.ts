/** The kinds of trouble that clusters are simulated in, and what of each the seed's number decides. */
import {
  ENGINE_RESTARTS,
  type Fault,
  HARMLESS,
  ISOLATED,
  LEADER_HANGS,
  LEADER_LOST,
  LOSE_ENGINE,
  LOSE_HOST,
} from "./faults.js";
import type { Simulation } from "./run-simulation.js";

export const KINDS = ["harmless", "any", "leader-lost", "isolated"] as const;
export type Kind = (typeof KINDS)[number];

const FAULTS: Readonly<Record<Kind, readonly Fault[]>> = {
  /** Nobody is lost: nothing may be called down, and no task moves. */
  harmless: [...HARMLESS, ...ENGINE_RESTARTS],
  any: [...HARMLESS, ...LOSE_HOST, ...LOSE_ENGINE],
  "leader-lost": [LEADER_LOST, LEADER_HANGS, ...HARMLESS],
  isolated: [...HARMLESS, ISOLATED],
};

export function simulationOf(kind: Kind, number: number): Simulation {
  const others = kind === "leader-lost" ? 1 : 0;
  // A manager doubts itself where it hears of six or more.
  const fewest = kind === "isolated" ? 6 : 3;
  return {
    seed: `${kind} ${number}`,
    faults: FAULTS[kind],
    managers: 1 + others + (number % (3 - others)),
    workers: fewest + (number % 7),
    ownWorkers: number % 2,
  };
}
