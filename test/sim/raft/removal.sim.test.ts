import { expect, test } from "vitest";

import type { MemberId } from "../../../manager/raft/core/member-id.js";
import { loseAll } from "../power-cut.js";
import { FAIR_WEATHER } from "./network.js";
import { planOf } from "./plan.js";
import { SimCluster } from "./sim-cluster.js";

const [FIRST, SECOND] = ["m1", "m2"] as MemberId[] as [MemberId, MemberId];
/** Elections take a second at most, and a leader that hears nobody for a second is none. */
const SHORT_MS = 300;
const LONG_MS = 3_000;

test("who was removed may be thrown away at once: nobody waits for its vote", async () => {
  const plan = { ...planOf(1), managers: 2, faults: [], weather: FAIR_WEATHER };
  const cluster = new SimCluster(plan, undefined);
  const { network, world } = cluster;
  cluster.found();
  await cluster.run(LONG_MS);
  expect(cluster.leaders.map(({ id }) => id)).toEqual([FIRST]);

  // The second has the change in its log, and does not hear that it is in force.
  network.onSend = ({ kind, from }) => {
    if (kind === "append-accepted" && from === SECOND) network.cut(FIRST, SECOND);
  };
  let answered = false;
  const changes = [{ kind: "remove", id: FIRST } as const];
  cluster.propose({ kind: "change", changes, joint: "if-needed" }, () => (answered = true));
  await cluster.run(world.nowMs + SHORT_MS);
  expect(cluster.membership.voters).toEqual([SECOND]);
  expect(answered).toBe(false);

  network.clear();
  await cluster.run(world.nowMs + SHORT_MS);
  expect(answered).toBe(true);
  cluster.host(FIRST)?.crash(loseAll);
  await cluster.run(world.nowMs + LONG_MS);
  expect(cluster.leaders.map(({ id }) => id)).toEqual([SECOND]);
  expect(cluster.facts.violation).toBeUndefined();
});
