import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { nodeDisk } from "./node-disk.js";
import type { CommittedEntry, StateMachine } from "./replicated-log.js";
import { SingleMemberLog } from "./single-member.js";

/** Remembers every entry's data, in order. */
class Journal implements StateMachine {
  lines: string[] = [];
  leads = 0;
  #index = 0;
  #term = 0;

  apply(entries: readonly CommittedEntry[]): void {
    for (const { index, term, data } of entries) {
      expect(index).toBe(this.#index + 1);
      this.#index = index;
      this.#term = term;
      if (data.length > 0) this.lines.push(new TextDecoder().decode(data));
    }
  }

  snapshot() {
    const state = JSON.stringify({ index: this.#index, term: this.#term, lines: this.lines });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(state);
    }
    return { index: this.#index, term: this.#term, chunks: chunks() };
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
    const state = JSON.parse(text) as { index: number; term: number; lines: string[] };
    this.#index = state.index;
    this.#term = state.term;
    this.lines = state.lines;
  }

  leadershipChanged(): void {
    this.leads++;
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a log of one member on the real disk", () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-raft-"));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  const open = async (stateMachine: StateMachine): Promise<SingleMemberLog> =>
    SingleMemberLog.open({
      disk: nodeDisk,
      dir,
      clock: systemClock,
      logger: silentLogger,
      stateMachine,
      onFatal: (error) => {
        throw error;
      },
      compaction: () => ({ snapshotInterval: 100, logEntriesForSlowFollowers: 10 }),
      sizes: { segmentBytes: 4096, growBytes: 1024 },
    });

  test("every acknowledged entry is there after each restart, in a higher term", async () => {
    const written: string[] = [];
    for (let start = 1; start <= 4; start++) {
      const journal = new Journal();
      const log = await open(journal);
      expect(log.leadership).toEqual({ kind: "leader", term: start });
      expect(journal.lines).toEqual(written);
      const lines = Array.from({ length: 150 }, (_, i) => `${start}.${i} ${"x".repeat(i)}`);
      await Promise.all(lines.map((line) => log.propose(encode(line))));
      written.push(...lines);
      expect(journal.lines).toEqual(written);
      await log.close();
    }
  });
});
