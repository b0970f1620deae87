/** Deliberate bugs in who is told of which addresses, for whole clusters to notice. */
import type { Mutant } from "./mutant.js";

type Bug = readonly [name: string, file: string, find: string, replace: string];

const BUGS: readonly Bug[] = [
  [
    "names stand for what is about to stop",
    "manager/dispatcher/core/service-reach.ts",
    'return status.state === "running" && isHealthy && isWanted(desired);',
    'return status.state === "running" && isHealthy;',
  ],
  [
    "a worker hears of what is on other networks",
    "manager/dispatcher/core/service-reach.ts",
    "const addresses = all.find((one) => one.networkId === networkId)?.addresses ?? [];",
    "const addresses = all[0]?.addresses ?? [];",
  ],
];

export const NETWORK_MUTANTS: readonly Mutant[] = BUGS.map(([name, file, find, replace]) => {
  return { name, file, find, replace, caughtBy: "cluster simulation" };
});
