import { setImmediate as nextTurn } from "node:timers/promises";

import { describe, expect, test, vi } from "vitest";

import {
  ProposalDroppedError,
  TooLargeError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { Journal } from "../../test/sim/journal.js";
import { loseAll } from "../../test/sim/power-cut.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import { DamagedLogError, StorageFailedError } from "./log-errors.js";
import { LogFile } from "./log-file.js";
import type { Peers } from "./peers.js";
import { RaftMember } from "./raft-member.js";
import type { RaftMemberOptions } from "./raft-options.js";

const SIZES = { segmentBytes: 1_024, growBytes: 256 };
const NEVER = new AbortController().signal;

const NOBODY: Peers = {
  send: () => undefined,
  sendSnapshot: () => Promise.reject(new Error("nobody is there")),
};

async function open(
  disk: SimulatedDisk,
  stateMachine = new Journal(),
  options: Partial<RaftMemberOptions> = {},
): Promise<RaftMember> {
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
    compaction: () => ({ snapshotInterval: 20, logEntriesForSlowFollowers: 5 }),
    sizes: SIZES,
    ...options,
  });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i + 1}`);
const filesOf = (disk: SimulatedDisk, kind: string): string[] =>
  [...disk.files().keys()].filter((path) => path.startsWith(`/raft/${kind}/`)).sort();

describe("proposals", () => {
  test("are applied in the order of the calls, then answered with their place", async () => {
    const journal = new Journal();
    const log = await open(new SimulatedDisk(), journal);
    const receipts = await Promise.all(lines(50).map((line) => log.propose(bytes(line))));
    expect(journal.lines).toEqual(lines(50));
    // Entry 1 is the first manager, entry 2 the term's own.
    expect(receipts).toEqual(lines(50).map((_, i) => ({ index: i + 3, term: 2 })));
    expect(await log.readIndex(NEVER)).toBe(52);
  });

  test("that wait for the disk share its syncs", async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk, new Journal(), { sizes: { segmentBytes: 1e6, growBytes: 1e6 } });
    const before = disk.operations.length;
    const first = log.propose(bytes("first"));
    await Promise.all([first, ...lines(100).map((line) => log.propose(bytes(line)))]);
    const syncs = disk.operations.slice(before).filter(({ kind, path }) => {
      return kind === "sync" && path.startsWith("/raft/log/");
    });
    expect(syncs).toHaveLength(1);
  });

  test("are refused when too many wait, and when one is too large", async () => {
    let answer = (): void => undefined;
    const stuck = new Promise<void>((resolve) => (answer = resolve));
    let slow = false;
    const disk = new SimulatedDisk({ latency: () => (slow ? stuck : Promise.resolve()) });
    const journal = new Journal();
    const log = await open(disk, journal);
    slow = true;
    const waiting = lines(8_192).map((line) => log.propose(bytes(line)));
    await expect(log.propose(bytes("one more"))).rejects.toThrow(TryAgainError);
    await expect(log.propose(new Uint8Array(9_000_000))).rejects.toThrow(TooLargeError);
    slow = false;
    answer();
    await Promise.all(waiting);
    expect(journal.lines).toHaveLength(8_192);
  });

  test("that are not on their way to the disk are dropped by close", async () => {
    const disk = new SimulatedDisk();
    const journal = new Journal();
    const log = await open(disk, journal);
    const written = log.propose(bytes("written"));
    await nextTurn();
    const dropped = log.propose(bytes("dropped"));
    const closed = log.close();
    await expect(dropped).rejects.toThrow(ProposalDroppedError);
    await expect(log.propose(bytes("late"))).rejects.toThrow(ProposalDroppedError);
    await written;
    await closed;
    expect(journal.lines).toEqual(["written"]);
  });
});

describe("a restart", () => {
  test("leads in a new term, durable before anything is proposed in it", async () => {
    let disk = new SimulatedDisk();
    for (let term = 2; term <= 5; term++) {
      const journal = new Journal();
      const log = await open(disk, journal);
      expect(log.leadership).toEqual({ kind: "leader", term });
      expect(journal.leaderships).toEqual([{ kind: "leader", term }]);
      disk = disk.cutPower(loseAll);
    }
  });

  test("restores the newest snapshot and replays what follows, in a log that stays short", async () => {
    const disk = new SimulatedDisk();
    const first = new Journal();
    const log = await open(disk, first);
    for (const line of lines(500)) await log.propose(bytes(line));
    await log.close();
    expect(filesOf(disk, "snapshots")).toHaveLength(2);
    // Two intervals of 20 entries, of some 44 bytes each.
    expect(filesOf(disk, "log").length).toBeLessThanOrEqual(4);

    const journal = new Journal();
    await open(disk, journal);
    expect(journal.lines).toEqual(lines(500));
  });

  test("takes the older snapshot where the newest is damaged", async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (const line of lines(70)) await log.propose(bytes(line));
    await log.close();
    const files = disk.files();
    const newest = filesOf(disk, "snapshots").at(-1)!;
    for (const at of [0, 30, 40, 80, files.get(newest)!.length - 1]) {
      const damaged = files.get(newest)!.slice();
      damaged[at]! ^= 4;
      const journal = new Journal();
      const found = new SimulatedDisk({}, new Map([...files, [newest, damaged]]));
      const reopened = await open(found, journal);
      expect(journal.lines).toEqual(lines(70));
      expect(filesOf(found, "snapshots")).toContain(`${newest}.damaged`);
      await reopened.compact();
    }
  });

  test("is refused where no whole snapshot reaches to the log, naming what is damaged", async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (const line of lines(200)) await log.propose(bytes(line));
    await log.close();
    const files = disk.files();
    const snapshots = filesOf(disk, "snapshots");
    for (const path of snapshots) files.get(path)![50]! ^= 1;
    const damaged = open(new SimulatedDisk({}, files));
    await expect(damaged).rejects.toThrow(DamagedLogError);
    await expect(damaged).rejects.toThrow(snapshots.at(-1)!);

    for (const path of snapshots) files.delete(path);
    const missing = open(new SimulatedDisk({}, files));
    await expect(missing).rejects.toThrow(/expected a snapshot of entry \d+ or later/);
  });

  test("is refused where the log is gone", async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (const line of lines(30)) await log.propose(bytes(line));
    await log.close();
    const files = disk.files();
    for (const path of filesOf(disk, "log")) files.delete(path);
    const gone = open(new SimulatedDisk({}, files));
    await expect(gone).rejects.toThrow(
      /expected a log up to entry \d+, of which there is a snapshot/,
    );
  });

  test("knows to be committed what was when the last durable entry was proposed", async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const { index } = await log.propose(bytes("first"));
    await log.propose(bytes("second"));
    const found = disk.cutPower(loseAll);
    const options = { disk: found, folder: "/raft/log", logger: silentLogger };
    const file = await LogFile.open({ ...options, onFatal: () => undefined });
    expect(file.lastIndex).toBe(index + 1);
    expect(file.hardState.commit).toBeGreaterThanOrEqual(index);
  });
});

describe("a snapshot", () => {
  test("is taken while proposals go on", async () => {
    const disk = new SimulatedDisk();
    const journal = new Journal();
    const log = await open(disk, journal);
    await log.propose(bytes("before"));
    let goOn = (): void => undefined;
    journal.betweenChunks = () => new Promise((resolve) => (goOn = resolve));
    const compacted = log.compact();
    for (const line of lines(10)) await log.propose(bytes(line));
    expect(filesOf(disk, "snapshots")).toEqual(["/raft/snapshots/snapshot.tmp"]);
    journal.betweenChunks = () => Promise.resolve();
    goOn();
    await compacted;
    const reopened = new Journal();
    await open(disk.cutPower(loseAll), reopened);
    expect(reopened.lines).toEqual(["before", ...lines(10)]);
  });

  test("that fails leaves the log whole, and is tried again later", async () => {
    const disk = new SimulatedDisk();
    const journal = new Journal();
    const log = await open(disk, journal);
    disk.fault = ({ path }) =>
      path.startsWith("/raft/snapshots/") ? { kind: "fails", code: "EIO" } : { kind: "none" };
    for (const line of lines(100)) await log.propose(bytes(line));
    await expect(log.compact()).rejects.toThrow("EIO");
    expect(filesOf(disk, "snapshots")).toEqual([]);
    disk.fault = () => ({ kind: "none" });
    await log.compact();
    expect(filesOf(disk, "snapshots")).toHaveLength(1);
  });
});

describe("a disk that fails", () => {
  test("by being full: new proposals are refused until there is room, those on their way wait for it", async () => {
    const disk = new SimulatedDisk();
    const journal = new Journal();
    const clock = new ManualClock();
    const log = await open(disk, journal, { clock });
    await log.propose(bytes("before"));
    disk.capacityBytes = 0;
    const unknown = lines(40).map((line) => log.propose(bytes(line)));
    for (const end of await Promise.allSettled(unknown)) {
      expect(end).toMatchObject({ status: "rejected", reason: { code: "outcome-unknown" } });
    }
    await expect(log.propose(bytes("refused"))).rejects.toThrow("no room for the log in /raft");
    disk.capacityBytes = 1e6;
    await clock.advance(1_000);
    await vi.waitFor(() => expect(journal.lines).toHaveLength(41));
    await log.propose(bytes("after"));
    const reopened = new Journal();
    await open(disk.cutPower(loseAll), reopened);
    expect(reopened.lines).toEqual(["before", ...lines(40), "after"]);
  });

  test("for good: everything that waits is answered, and the process is told to end", async () => {
    const fatal: unknown[] = [];
    const disk = new SimulatedDisk();
    const log = await open(disk, new Journal(), { onFatal: (error) => void fatal.push(error) });
    disk.fault = ({ kind }) =>
      kind === "sync" ? { kind: "fails", code: "EIO" } : { kind: "none" };
    const proposals = await Promise.allSettled(lines(3).map((line) => log.propose(bytes(line))));
    for (const end of proposals) {
      expect(end).toMatchObject({ status: "rejected", reason: { code: "storage-failed" } });
    }
    await expect(log.propose(bytes("late"))).rejects.toThrow(StorageFailedError);
    expect(fatal).toHaveLength(1);
    await log.close();
  });
});
