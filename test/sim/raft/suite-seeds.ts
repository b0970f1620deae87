/** The seeds that the tests run; `npm run sim` runs as many more as one likes. */
const FIRST_SEEDS = 300;

/** Each of these found something once: a bug, or one that was put in on purpose. */
const KEPT_SEEDS: readonly number[] = [658, 825];

export const SUITE_SEEDS: readonly number[] = [
  ...Array.from({ length: FIRST_SEEDS }, (_, i) => i + 1),
  ...KEPT_SEEDS,
];
