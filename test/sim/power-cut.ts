/**
 * What a power cut leaves of what was not synced: from nothing to everything, and any part between.
 */
import type { Random } from "../../shared/ports/random.js";
import type { PendingWrite, PowerCut } from "./simulated-disk.js";

/** Everything that was not synced is gone. */
export const loseAll: PowerCut = { writes: () => [], folderChanges: () => [] };

/** Everything had reached the disk. */
export const keepAll: PowerCut = {
  writes: (pending) => [...pending],
  folderChanges: (pending) => pending,
};

/** The last unsynced bytes of each file are gone: its first `bytes` are kept. */
export function keepBytes(bytes: number): PowerCut {
  return {
    folderChanges: (pending) => pending,
    writes: (pending) => {
      let left = bytes;
      return pending.flatMap((write): PendingWrite[] => {
        if (write.kind === "truncate") return left > 0 ? [write] : [];
        const kept = { ...write, bytes: write.bytes.subarray(0, left) };
        left -= kept.bytes.length;
        return kept.bytes.length > 0 ? [kept] : [];
      });
    },
  };
}

/** Any sectors of the unsynced writes, in any order; or any number of bytes of them, in order. */
export function keepSome(random: Random, sectorBytes: number): PowerCut {
  return {
    folderChanges: (pending) => {
      // In order where the file system keeps a journal; POSIX promises no order.
      if (random.below(2) === 0) return pending.slice(0, random.below(pending.length + 1));
      return pending.filter(() => random.below(2) === 0);
    },
    writes: (pending, path) => {
      const total = pending.reduce((sum, w) => sum + (w.kind === "write" ? w.bytes.length : 0), 0);
      if (random.below(2) === 0) return keepBytes(random.below(total + 1)).writes(pending, path);
      return pending.flatMap((write) => {
        if (write.kind === "truncate") return random.below(2) === 0 ? [write] : [];
        return sectorsOf(write, sectorBytes).filter(() => random.below(2) === 0);
      });
    },
  };
}

function sectorsOf(
  write: { readonly at: number; readonly bytes: Uint8Array },
  sectorBytes: number,
): PendingWrite[] {
  const sectors: PendingWrite[] = [];
  for (let from = 0; from < write.bytes.length;) {
    const at = write.at + from;
    const to = Math.min(write.bytes.length, from + sectorBytes - (at % sectorBytes));
    sectors.push({ kind: "write", at, bytes: write.bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}
