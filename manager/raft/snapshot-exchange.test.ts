import { expect, onTestFinished, test, vi } from "vitest";

import { TryAgainError } from "../../shared/errors/cluster-error.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { Journal } from "../../test/sim/journal.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import { NO_MEMBERS } from "./core/membership.js";
import type { SnapshotId } from "./core/message.js";
import { LogFile } from "./log-file.js";
import type { Peers } from "./peers.js";
import { RaftMember } from "./raft-member.js";
import { SnapshotExchange } from "./snapshot-exchange.js";
import { Snapshots } from "./snapshots.js";

const [LEADER, ME] = ["m1", "m2"] as MemberId[] as [MemberId, MemberId];
const NOBODY: Peers = {
  send: () => undefined,
  sendSnapshot: () => Promise.reject(new Error("nobody is there")),
};

function snapshotAt(index: number): SnapshotId {
  return { index, term: 2, membership: { ...NO_MEMBERS, voters: [LEADER, ME] } };
}

async function* stateAt(index: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode(JSON.stringify({ index, term: 2, lines: ["of the leader"] }));
}

function fail(error: unknown): void {
  expect.unreachable(String(error));
}

test("no snapshot is taken of a state that is older than the membership", async () => {
  const stateMachine = new Journal();
  const member = await RaftMember.open({
    id: ME,
    random: seededRandom("joins"),
    peers: NOBODY,
    beginning: "join",
    disk: new SimulatedDisk(),
    dir: "/raft",
    clock: new ManualClock(),
    logger: silentLogger,
    stateMachine,
    onFatal: fail,
  });
  onTestFinished(() => member.close());
  const message = { kind: "snapshot", from: LEADER, to: ME, term: 2 } as const;
  await member.receivedSnapshot({ ...message, snapshot: snapshotAt(9) }, stateAt(9));
  await expect(member.compact()).rejects.toThrow(TryAgainError);

  await vi.waitFor(() => expect(stateMachine.lines).toEqual(["of the leader"]));
  await member.compact();
});

test("an own snapshot that was begun before a newer one came does not take its place", async () => {
  const disk = new SimulatedDisk();
  const place = { disk, logger: silentLogger };
  const log = await LogFile.open({ ...place, folder: "/log", onFatal: fail });
  onTestFinished(() => log.close());
  const exchange = new SnapshotExchange(undefined, {
    log,
    snapshots: await Snapshots.open({ ...place, folder: "/snapshots" }),
    stateMachine: new Journal(),
    peers: NOBODY,
    logger: silentLogger,
    awaitsInstall: () => false,
    onSent: () => undefined,
  });
  const message = { kind: "snapshot", from: LEADER, to: ME, term: 2 } as const;
  await exchange.receive({ ...message, snapshot: snapshotAt(9) }, stateAt(9));
  await exchange.install(snapshotAt(9), {});

  exchange.taken(snapshotAt(5));
  expect(exchange.latest?.index).toBe(9);
  exchange.taken(snapshotAt(12));
  expect(exchange.latest?.index).toBe(12);
});
