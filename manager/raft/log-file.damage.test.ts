import { setImmediate as nextTurn } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { appended, contentsOf, EMPTY_LOG, type LogContents } from "../../test/sim/log-model.js";
import { keepBytes, loseAll } from "../../test/sim/power-cut.js";
import {
  type DiskFault,
  type DiskOperation,
  SimulatedDisk,
} from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import { DamagedLogError, StorageFailedError, StorageFullError } from "./log-errors.js";
import { type AppendRequest, LogFile } from "./log-file.js";

/** Three entries to a segment, as `entry` makes them. */
const SIZES = { segmentBytes: 340, growBytes: 64 };

function open(disk: SimulatedDisk, fatal: StorageFailedError[] = []): Promise<LogFile> {
  const onFatal = (error: StorageFailedError): void => void fatal.push(error);
  return LogFile.open({ disk, folder: "/log", logger: silentLogger, onFatal, sizes: SIZES });
}

/** One entry of 8 bytes of data, and the hard state that goes with it. */
function entry(index: number, term = 1): AppendRequest {
  const data = new TextEncoder().encode(String(index).padStart(8, "."));
  return {
    entries: [{ kind: "data", index, term, data }],
    hardState: { term, vote: "me" as MemberId, commit: index - 1 },
  };
}

function contentsAfter(requests: readonly AppendRequest[]): LogContents {
  return requests.reduce(appended, EMPTY_LOG);
}

const upTo = (count: number): AppendRequest[] =>
  Array.from({ length: count }, (_, i) => entry(i + 1));

async function write(disk: SimulatedDisk, requests: readonly AppendRequest[]): Promise<LogFile> {
  const log = await open(disk);
  for (const request of requests) await log.append(request);
  return log;
}

/** The faults of a disk that has one, at one operation of a kind. */
function once(
  kind: DiskOperation["kind"],
  count: number,
  fault: DiskFault,
): (operation: DiskOperation) => DiskFault {
  let left = count;
  return (operation) =>
    operation.kind === kind && --left === 0 ? fault : ({ kind: "none" } as const);
}

describe("a torn batch", () => {
  test("is absent as a whole, wherever it is torn", async () => {
    for (let kept = 0, whole = false; !whole; kept++) {
      const disk = new SimulatedDisk();
      await tear(disk);
      const found = await contentsOf(await open(disk.cutPower(keepBytes(kept))));
      whole = found.lastIndex === 3;
      expect(found).toEqual(contentsAfter(whole ? upTo(3) : upTo(1)));
    }
  });

  test("leaves nothing that a later batch could bring back", async () => {
    const disk = new SimulatedDisk();
    await tear(disk);
    // Entry 3 reaches the disk, entry 2 before it does not.
    const torn = disk.cutPower({
      folderChanges: (pending) => pending,
      writes: (pending) =>
        pending.map((write) => {
          if (write.kind === "truncate") return write;
          const half = write.bytes.length / 2;
          return { ...write, at: write.at + half, bytes: write.bytes.subarray(half) };
        }),
    });

    const reopened = await open(torn);
    expect(await contentsOf(reopened)).toEqual(contentsAfter(upTo(1)));
    await reopened.append(entry(2, 2));
    const again = await open(torn.cutPower(loseAll));
    expect(await contentsOf(again)).toEqual(contentsAfter([...upTo(1), entry(2, 2)]));
  });

  /** Entry 1 is acknowledged; the power fails while a batch of entries 2 and 3 is synced. */
  async function tear(disk: SimulatedDisk): Promise<void> {
    const log = await write(disk, upTo(1));
    disk.fault = once("sync", 1, { kind: "power-cut" });
    const batch = [log.append(entry(2)), log.append(entry(3))];
    for (const append of batch) await expect(append).rejects.toThrow(StorageFailedError);
  }
});

describe("damage", () => {
  const requests = upTo(4);

  test("of any single bit is named, or touches nothing that was acknowledged", async () => {
    const disk = new SimulatedDisk();
    await (await write(disk, requests)).close();
    const files = disk.files();
    expect(files.size).toBe(2);
    let named = 0;
    for (const [path, bytes] of files) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const outcome = await openWithFlippedBit(files, path, bit);
        if (outcome instanceof DamagedLogError) {
          named++;
          expect(outcome.damage.file).toBe(path);
          expect(outcome.damage.offset).toBeLessThanOrEqual(bit / 8);
        } else expect(outcome).toEqual(contentsAfter(requests));
      }
    }
    // All but the zeros at the end and the last seal.
    expect(named).toBeGreaterThan(8 * 4 * 80);
  });

  test("of the last batch looks like a torn write only before the log fell idle", async () => {
    const disk = new SimulatedDisk();
    await write(disk, requests);
    const files = disk.cutPower(loseAll).files();
    const [path, bytes] = [...files].at(-1)!;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const outcome = await openWithFlippedBit(files, path, bit);
      if (outcome instanceof DamagedLogError) continue;
      expect([contentsAfter(requests), contentsAfter(upTo(3))]).toContainEqual(outcome);
    }
  });

  async function openWithFlippedBit(
    files: ReadonlyMap<string, Uint8Array>,
    path: string,
    bit: number,
  ): Promise<LogContents | DamagedLogError> {
    const bytes = files.get(path)!.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const disk = new SimulatedDisk({}, new Map([...files, [path, bytes]]));
    try {
      return await contentsOf(await open(disk));
    } catch (error) {
      expect(error).toBeInstanceOf(DamagedLogError);
      return error as DamagedLogError;
    }
  }

  test.each([
    [1, "segment 2 before it, of which there is no file"],
    [2, "segment 3 after it, of which there is no file"],
  ])("a missing segment (of three, the one after %i) is named", async (place, expected) => {
    const disk = new SimulatedDisk();
    await (await write(disk, upTo(8))).close();
    const files = disk.files();
    const paths = [...files.keys()].sort();
    expect(paths).toHaveLength(3);
    files.delete(paths[place]!);
    await expect(open(new SimulatedDisk({}, files))).rejects.toThrow(expected);
  });

  test("says which file, where, what was expected, and what to do", () => {
    const error = new DamagedLogError({ file: "/log/x", offset: 96, expected: "entry 3" });
    expect(error.message).toBe(
      "/log/x is damaged at byte 96: expected entry 3. What had been written there is lost or " +
        "altered, so this manager does not start. Restore the folder from a backup, or, if other " +
        "managers hold the state, move the folder away and join this host again.",
    );
  });
});

describe("a full disk", () => {
  test("refuses, keeps nothing of it, and goes on when there is room, at every write", async () => {
    for (let writes = 1, refused = true; refused; writes++) {
      const fatal: StorageFailedError[] = [];
      const disk = new SimulatedDisk();
      const log = await open(disk, fatal);
      disk.fault = once("write", writes, { kind: "fails", code: "ENOSPC", doneBytes: 50 });
      refused = false;
      for (let i = 1; i <= 9; i++) {
        await log.append(entry(i)).catch(async (error: unknown) => {
          expect(error).toBeInstanceOf(StorageFullError);
          expect(await contentsOf(log)).toEqual(contentsAfter(upTo(i - 1)));
          refused = true;
          await log.append(entry(i));
        });
      }
      expect(fatal).toEqual([]);
      const reopened = await open(disk.cutPower(loseAll));
      expect(await contentsOf(reopened)).toEqual(contentsAfter(upTo(9)));
    }
  });

  test("is told with the folder and the bytes, and every append behind it fails too", async () => {
    const disk = new SimulatedDisk();
    const log = await write(disk, upTo(1));
    disk.capacityBytes = 300;
    for (const append of [2, 3, 4].map((i) => log.append(entry(i)))) {
      await expect(append).rejects.toThrow(
        /^no room for the log in \/log: 252 bytes needed, \d+ free\. Free some space, then try again\.$/,
      );
    }

    disk.capacityBytes = 10_000;
    for (let i = 2; i <= 4; i++) await log.append(entry(i));
    expect(await contentsOf(log)).toEqual(contentsAfter(upTo(4)));
  });
});

describe("a failed sync or write", () => {
  const isFailure = { kind: "fails", code: "EIO" } as const;
  test.each(["sync", "write"] as const)("(%s) is final and never tried again", async (kind) => {
    const fatal: StorageFailedError[] = [];
    const disk = new SimulatedDisk();
    const log = await open(disk, fatal);
    await log.append(entry(1));
    disk.fault = once(kind, 1, isFailure);
    const failing = [log.append(entry(2)), log.append(entry(3))];
    for (const append of failing) await expect(append).rejects.toThrow(StorageFailedError);
    const operations = disk.operations.length;

    await expect(log.append(entry(2))).rejects.toThrow(StorageFailedError);
    await expect(log.truncatePrefix(1)).rejects.toThrow(StorageFailedError);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    await log.close();
    expect(disk.operations).toHaveLength(operations);
    expect(fatal).toHaveLength(1);
    expect(await contentsOf(await open(disk.cutPower(loseAll)))).toEqual(contentsAfter(upTo(1)));
  });

  test("for want of space is final too: what of it is on the disk is unknown", async () => {
    const fatal: StorageFailedError[] = [];
    const disk = new SimulatedDisk();
    const log = await open(disk, fatal);
    disk.fault = once("sync", 1, { kind: "fails", code: "ENOSPC" });
    await expect(log.append(entry(1))).rejects.toThrow(StorageFailedError);
    expect(fatal).toHaveLength(1);
  });
});
