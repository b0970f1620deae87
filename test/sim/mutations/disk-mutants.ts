/** Deliberate bugs in the log file and the snapshots: what a crash must not show. */
import type { Mutant } from "./mutant.js";

const RAFT = "manager/raft";

export const DISK_MUTANTS: readonly Mutant[] = [
  {
    name: "the log is not synced",
    file: `${RAFT}/segment-chain.ts`,
    find: "const { offsets } = await segment.write(records);\n    await segment.sync();",
    replace: "const { offsets } = await segment.write(records);",
    caughtBy: "simulation",
  },
  {
    name: "a torn record is taken for a whole one",
    file: `${RAFT}/core/record.ts`,
    find: "if (crc32c(source.bytes, from, to) !== header.payloadCrc) return undefined;",
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "half of a batch is kept",
    file: `${RAFT}/core/scan-segment.ts`,
    find: "if (!header.lastOfBatch) continue;",
    replace: "",
    caughtBy: "manager/raft/log-file.damage.test.ts",
  },
  {
    name: "damage passes for a torn write",
    file: `${RAFT}/core/scan-segment.ts`,
    find: "if (header !== undefined && header.durableBytes > bad) return true;",
    replace: "if (header !== undefined && header.durableBytes > Infinity) return true;",
    caughtBy: "simulation",
  },
  {
    name: "a new segment's name is not synced",
    file: `${RAFT}/segment.ts`,
    find: "    await syncFolder(disk, folder);\n    return segment;",
    replace: "    return segment;",
    caughtBy: "simulation",
  },
  {
    name: "a new segment has its name before it is durable",
    file: `${RAFT}/segment.ts`,
    find: "      await segment.sync();\n      await disk.rename",
    replace: "      await disk.rename",
    caughtBy: "simulation",
  },
  {
    name: "a segment does not say that the log goes on in the next",
    file: `${RAFT}/segment-chain.ts`,
    find: 'await full.write([{ kind: "rolled" }]);\n      await full.sync();',
    replace: 'await full.write([{ kind: "rolled" }]);',
    caughtBy: "simulation",
  },
  {
    name: "what follows a replaced entry stays in the log",
    file: `${RAFT}/core/entry-index.ts`,
    find: "if (entry.index <= this.lastIndex) this.#dropFrom(entry.index - this.#firstIndex);",
    replace:
      "if (entry.index < this.lastIndex) { this.#terms[entry.index - this.#firstIndex] = entry.term; this.#segments[entry.index - this.#firstIndex] = entry.segment; this.#offsets[entry.index - this.#firstIndex] = entry.offset; this.#endOffsets[entry.index - this.#firstIndex] = entry.endOffset; return; } if (entry.index === this.lastIndex) this.#dropFrom(entry.index - this.#firstIndex);",
    caughtBy: "simulation",
  },
  {
    name: "segments are removed up to the newest snapshot, whole or not",
    file: `${RAFT}/compactor.ts`,
    find: "await log.truncatePrefix(Math.min(older.index, slow));",
    replace: "await log.truncatePrefix(newest.index);",
    caughtBy: "manager/raft/single-member.test.ts",
  },
  {
    name: "a snapshot has its name before it is synced",
    file: `${RAFT}/snapshot-writer.ts`,
    find: "    await this.#flush();\n    await this.#sync();\n  }",
    replace: "    await this.#flush();\n  }",
    caughtBy: "simulation",
  },
  {
    name: "a failed sync is tried again",
    file: `${RAFT}/segment.ts`,
    find: "    try {\n      await this.#file.sync();\n    } catch (cause) {",
    replace:
      "    try {\n      await this.#file.sync().catch(() => this.#file.sync());\n    } catch (cause) {",
    caughtBy: "simulation",
  },
  {
    name: "a full disk loses what was queued behind",
    file: `${RAFT}/write-queue.ts`,
    find: 'if (item.state === "no-room") item.state = "waiting";',
    replace: 'if (item.state === "no-room") item.state = "done";',
    caughtBy: "simulation",
  },
  {
    name: "what a failed sync left unwritten is not written again at a restart",
    file: `${RAFT}/recover-log.ts`,
    find: "await file.write(provenOffset, bytes.subarray(provenOffset, endOffset));",
    replace: "",
    caughtBy: "simulation",
  },
];
