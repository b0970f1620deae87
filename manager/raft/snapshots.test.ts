import { expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import { NO_MEMBERS } from "./core/membership.js";
import { Snapshots } from "./snapshots.js";

const RECEIVED = { index: 9, term: 2, membership: { ...NO_MEMBERS, voters: ["m1" as MemberId] } };

async function* chunks(): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new Uint8Array([1, 2, 3]);
}

test("a received snapshot can be installed again, where what followed it has failed", async () => {
  const options = { disk: new SimulatedDisk(), folder: "/snapshots", logger: silentLogger };
  const snapshots = await Snapshots.open(options);
  await snapshots.receive({ ...RECEIVED, chunks: chunks() });
  expect(snapshots.kept).toEqual([]);

  const kept = [{ index: 9, term: 2, origin: "received" }];
  for (const _try of ["first", "second"]) {
    await snapshots.install(RECEIVED);
    expect(snapshots.kept).toEqual(kept);
  }
  expect((await Snapshots.open(options)).kept).toEqual(kept);
});

test("as many old ones are kept as the cluster is set to, beside the two newest", async () => {
  const options = { disk: new SimulatedDisk(), folder: "/snapshots", logger: silentLogger };
  const snapshots = await Snapshots.open(options);
  const take = async (index: number): Promise<void> => {
    await snapshots.receive({ ...RECEIVED, index, chunks: chunks() });
    await snapshots.install({ ...RECEIVED, index });
  };
  for (const index of [1, 2, 3]) await take(index);
  expect(snapshots.kept.map(({ index }) => index)).toEqual([2, 3]);
  snapshots.keepAdditional(1);
  for (const index of [4, 5]) await take(index);
  expect(snapshots.kept.map(({ index }) => index)).toEqual([3, 4, 5]);
  snapshots.keepAdditional(0);
  await take(6);
  expect(snapshots.kept.map(({ index }) => index)).toEqual([5, 6]);
});
