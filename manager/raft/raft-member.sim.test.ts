import { describe, expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { Journal } from "../../test/sim/journal.js";
import { keepAll, keepSome, loseAll } from "../../test/sim/power-cut.js";
import {
  type DiskFault,
  type DiskOperation,
  type PowerCut,
  PowerCutError,
  SimulatedDisk,
} from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import { StorageFailedError } from "./log-errors.js";
import type { Peers } from "./peers.js";
import { RaftMember } from "./raft-member.js";

const SECTOR_BYTES = 32;

const NOBODY: Peers = {
  send: () => undefined,
  sendSnapshot: () => Promise.reject(new Error("nobody is there")),
};

function open(disk: SimulatedDisk, stateMachine: Journal): Promise<RaftMember> {
  return RaftMember.open({
    id: "alone" as MemberId,
    random: seededRandom("alone"),
    peers: NOBODY,
    beginning: "found",
    disk,
    dir: "/raft",
    clock: new ManualClock(),
    logger: silentLogger,
    stateMachine,
    onFatal: () => undefined,
    compaction: () => ({ snapshotInterval: 6, logEntriesForSlowFollowers: 2 }),
    sizes: { segmentBytes: 300, growBytes: 128 },
  });
}

interface Promises {
  /** In the order in which they were proposed. */
  readonly proposed: string[];
  readonly acknowledged: string[];
  term: number;
}

/** Two lives: snapshots, segments and compactions happen in both. Ends early when the disk dies. */
async function live(disk: SimulatedDisk, promises: Promises): Promise<void> {
  for (let life = 0; life < 2; life++) {
    const journal = new Journal();
    const log = await open(disk, journal);
    expect(journal.lines).toEqual(promises.proposed);
    promises.term = log.leadership.term;
    for (let round = 0; round < 6; round++) {
      const lines = Array.from({ length: 1 + (round % 4) }, (_, i) => `line ${life}.${round}.${i}`);
      const pending = lines.map(async (line) => {
        promises.proposed.push(line);
        await log.propose(new TextEncoder().encode(line));
        promises.acknowledged.push(line);
      });
      for (const end of await Promise.allSettled(pending)) {
        if (end.status === "rejected") throw end.reason;
      }
    }
    await log.compact();
    await log.close();
  }
}

async function checkRestart(disk: SimulatedDisk, promises: Promises): Promise<void> {
  const journal = new Journal();
  const log = await open(disk, journal);
  expect(journal.lines).toEqual(promises.proposed.slice(0, journal.lines.length));
  expect(journal.lines.slice(0, promises.acknowledged.length)).toEqual(promises.acknowledged);
  expect(log.leadership.term).toBeGreaterThan(promises.term);
  await log.propose(new TextEncoder().encode("after"));
  expect(journal.lines.at(-1)).toBe("after");
  await log.close();
}

function diedOfPowerCut(error: unknown): boolean {
  return (
    error instanceof PowerCutError ||
    (error instanceof StorageFailedError && diedOfPowerCut(error.cause))
  );
}

describe("a power cut at any step of writing, snapshots and compaction", () => {
  const cuts: [string, (step: number) => PowerCut][] = [
    ["all unsynced lost", () => loseAll],
    ["all kept", () => keepAll],
    ["any part kept", (step) => keepSome(seededRandom(step), SECTOR_BYTES)],
    ["any part kept, again", (step) => keepSome(seededRandom(-step), SECTOR_BYTES)],
  ];
  test.each(cuts)("loses nothing acknowledged (%s)", async (_, cut) => {
    for (let step = 1, finished = false; !finished; step++) {
      const fault = ({ number }: DiskOperation): DiskFault =>
        number === step ? { kind: "power-cut" } : { kind: "none" };
      const disk = new SimulatedDisk({ fault });
      const promises: Promises = { proposed: [], acknowledged: [], term: 0 };
      finished = await live(disk, promises).then(
        () => true,
        (error: unknown) => {
          if (diedOfPowerCut(error)) return false;
          throw error;
        },
      );
      await checkRestart(disk.cutPower(cut(step)), promises).catch((cause: unknown) => {
        throw new Error(`power cut at operation ${step}`, { cause });
      });
    }
  });
});
