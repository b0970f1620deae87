import { expect, test } from "vitest";

import { planOf } from "./plan.js";
import { SimCluster } from "./sim-cluster.js";

/** Long enough to be taken in, and to hand the lead over. */
const SOME_MS = 3_000;

test("a leader whose disk is full hands the lead to one whose disk is not", async () => {
  const plan = { ...planOf(1), managers: 3, faults: [], askEveryMs: 20 };
  const cluster = new SimCluster(plan, undefined);
  cluster.found();
  cluster.clients.start(10 * SOME_MS);
  await cluster.run(SOME_MS);
  const [leader] = cluster.leaders;
  if (leader === undefined) expect.unreachable("nobody leads");
  leader.disk.capacityBytes = 0;
  await cluster.run(2 * SOME_MS);

  const successors = cluster.leaders.map(({ id }) => id);
  expect(successors).toHaveLength(1);
  expect(successors).not.toContain(leader.id);
  expect(cluster.facts.violation).toBeUndefined();
});
