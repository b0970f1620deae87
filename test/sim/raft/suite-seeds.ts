/**
 * The seeds that the tests run; `npm run sim` runs as many more as one likes. A seed that found
 * something stays among them for as long as its run is the same: a new kind of fault makes other
 * runs of all seeds, and what was found is then a test of its own.
 */
const FIRST_SEEDS = 300;
const KEPT_SEEDS: readonly number[] = [
  // A leader that was removed answered reads, where one voter was left.
  1349,
  // The only voter, elected anew, answered reads before an entry of its term was committed.
  6237,
];

export const SUITE_SEEDS: readonly number[] = [
  ...Array.from({ length: FIRST_SEEDS }, (_, i) => i + 1),
  ...KEPT_SEEDS,
];
