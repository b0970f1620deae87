/**
 * The seeds that the tests run; `npm run sim -- --cluster` runs as many more as one likes. A seed
 * that found something stays among them for as long as its run is the same.
 */
import { FIRST_TIGHT_SEED } from "./networks.js";

const FIRST_SEEDS = 300;
/** Of clusters with a network that fills up. */
const TIGHT_SEEDS = 50;

interface Kept {
  /** What the bug was, or what a check took for one. */
  readonly found: string;
  readonly seeds: readonly number[];
}

const KEPT: readonly Kept[] = [
  { found: "what a placement took whose task was gone was offered to nobody", seeds: [1330] },
  { found: "what follows on a task that an update spared had old constraints", seeds: [815, 1346] },
  {
    found: "what a shrunken node was to be rid of was moved, and not moved, without end",
    seeds: [107],
  },
  { found: "check: a task that fills a vacant slot counts for the update", seeds: [401, 1644] },
  {
    found: "check: where a node was lost, a slot is renewed all the same",
    seeds: [1200, 1325, 1376],
  },
  { found: "check: who fails after being told to stop has failed", seeds: [1745] },
  { found: "check: who came up before the update began counts for it", seeds: [404] },
  {
    found: "check: a shrunken node does not wait for what finds no room anywhere",
    seeds: [425, 691, 1058, 1256, 1292, 1328],
  },
  { found: "check: a node that takes part again is filled, not renewed", seeds: [796, 1974] },
  {
    found: "check: what follows on a task that an update spared waits as long",
    seeds: [346, 387, 434, 1218, 1716, 1738, 1982, 1996],
  },
  { found: "check: a newcomer that failed for good stays beside what runs on", seeds: [321] },
  { found: "check: a shrunken node lets go in the order of updates", seeds: [1485] },
  { found: "check: a rollback's nodes were counted for the update before it", seeds: [1950] },
];

export const SUITE_SEEDS: readonly number[] = [
  ...Array.from({ length: FIRST_SEEDS }, (_, i) => i + 1),
  ...KEPT.flatMap(({ seeds }) => seeds).filter((seed) => seed > FIRST_SEEDS),
  ...Array.from({ length: TIGHT_SEEDS }, (_, i) => FIRST_TIGHT_SEED + i),
];
