/**
 * The seeds that the tests run; `npm run sim -- --cluster` runs as many more as one likes. A seed
 * that found something stays among them for as long as its run is the same.
 */
const FIRST_SEEDS = 300;
const KEPT_SEEDS: readonly number[] = [];

export const SUITE_SEEDS: readonly number[] = [
  ...Array.from({ length: FIRST_SEEDS }, (_, i) => i + 1),
  ...KEPT_SEEDS,
];
