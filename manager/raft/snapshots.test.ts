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
