import { setImmediate as nextTurn } from "node:timers/promises";

import { expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { type Random, seededRandom } from "../../shared/ports/random.js";
import {
  appended,
  contentsOf,
  EMPTY_LOG,
  from,
  type LogContents,
} from "../../test/sim/log-model.js";
import { keepSome, loseAll } from "../../test/sim/power-cut.js";
import {
  type DiskFault,
  type DiskOperation,
  SimulatedDisk,
} from "../../test/sim/simulated-disk.js";
import type { MemberId } from "./core/member-id.js";
import type { Entry } from "./core/message.js";
import { DamagedLogError, StorageFullError } from "./log-errors.js";
import { type AppendRequest, LogFile } from "./log-file.js";

const SEEDS = 1_200;
const ROUNDS = 4;
/** Small, so that a few appends cross segments, and a power cut finds something torn. */
const SECTOR_BYTES = 32;

/** The appends of one life of the log, in order, and how many of them were acknowledged. */
interface Life {
  readonly before: LogContents;
  readonly requests: AppendRequest[];
  acknowledged: number;
  /** Entries up to here may be compacted away. */
  compacted: number;
}

/**
 * Contents that a restart may find: those after any number of appends that
 * includes the acknowledged.
 */
function possible({ before, requests, acknowledged }: Life): LogContents[] {
  const states = [before];
  for (const request of requests) states.push(appended(states.at(-1)!, request));
  return states.slice(acknowledged);
}

function open(disk: SimulatedDisk, random: Random): Promise<LogFile> {
  return LogFile.open({
    disk,
    folder: "/log",
    logger: silentLogger,
    onFatal: () => undefined,
    sizes: { segmentBytes: 200 + random.below(1_200), growBytes: 64 << random.below(4) },
  });
}

/** The disk may end a recovery too; it never makes it call a log damaged. */
async function openUnlessFailing(
  disk: SimulatedDisk,
  random: Random,
): Promise<LogFile | undefined> {
  try {
    return await open(disk, random);
  } catch (error) {
    if (error instanceof DamagedLogError) throw error;
    return undefined;
  }
}

class Driver {
  readonly #random: Random;
  #head: LogContents;
  readonly #life: Life;

  constructor(random: Random, life: Life) {
    this.#random = random;
    this.#life = life;
    this.#head = life.before;
  }

  /** Appends, overwrites, restarts and compacts until the disk dies, or enough was done. */
  async run(log: LogFile): Promise<void> {
    const steps = 4 + this.#random.below(20);
    for (let step = 0; step < steps; step++) {
      const action = this.#random.below(10);
      if (action === 0) await this.#compact(log);
      else if (action < 2) await rest();
      else if (action < 5) await this.#append(log);
      else void this.#append(log);
    }
    await this.#append(log);
  }

  async #append(log: LogFile): Promise<void> {
    const request = this.#request();
    this.#head = appended(this.#head, request);
    const { requests } = this.#life;
    requests.push(request);
    try {
      await log.append(request);
    } catch (error) {
      // Of what did not fit nothing is left; of what failed otherwise anything may be.
      if (error instanceof StorageFullError) requests.splice(requests.indexOf(request), 1);
      this.#head = requests.reduce(appended, this.#life.before);
      return;
    }
    expect(requests.indexOf(request)).toBe(this.#life.acknowledged);
    this.#life.acknowledged++;
  }

  #request(): AppendRequest {
    const { hardState, lastIndex } = this.#head;
    const term = hardState.term + this.#random.below(2);
    const kind = this.#random.below(12);
    if (kind === 0)
      return { hardState: { term, vote: "member-a" as MemberId, commit: hardState.commit } };
    if (kind === 1) {
      const index = lastIndex + 1 + this.#random.below(5);
      this.#life.compacted = index;
      return { restart: { index, term }, hardState: { term, vote: undefined, commit: index } };
    }
    // A conflicting suffix: what is neither committed nor compacted may be overwritten.
    const kept = Math.max(hardState.commit, this.#life.compacted);
    const lowest = Math.min(kept, lastIndex) + 1;
    const first = kind === 2 ? lowest + this.#random.below(lastIndex + 2 - lowest) : lastIndex + 1;
    const count = 1 + this.#random.below(4);
    const entries = Array.from({ length: count }, (_, i) => this.#entry(first + i, term));
    const commit = first - 1 - this.#random.below(first - Math.max(lowest - 1, 0));
    return { entries, hardState: { term, vote: "b" as MemberId, commit } };
  }

  #entry(index: number, term: number): Entry {
    // Often of one size, so that what a torn write left could pass for a record of the next.
    const data = new TextEncoder().encode(String(this.#random.below(1_000_000)).padStart(8, "0"));
    if (this.#random.below(3) > 0) return { kind: "data", index, term, data };
    return { kind: "data", index, term, data: new Uint8Array(this.#random.below(120)).fill(120) };
  }

  async #compact(log: LogFile): Promise<void> {
    const upTo = Math.min(log.lastIndex, log.hardState.commit);
    this.#life.compacted = Math.max(this.#life.compacted, upTo);
    await log.truncatePrefix(upTo).catch(() => undefined);
  }
}

/** Some turns without an append: the log falls idle and seals itself. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}

/** Lets the disk do its worst at one of its next operations. */
function someFault(random: Random): (operation: DiskOperation) => DiskFault {
  const at = 1 + random.below(random.below(2) === 0 ? 10 : 80);
  const fault = oneOf<DiskFault>(random, [
    { kind: "power-cut" },
    { kind: "power-cut" },
    { kind: "fails", code: "EIO", doneBytes: random.below(60) },
    { kind: "fails", code: "ENOSPC", doneBytes: random.below(60) },
  ]);
  return ({ number, kind }) => {
    if (number !== at) return { kind: "none" };
    // A full disk shows when something is written; elsewhere it is a failure like any other.
    const full = fault.kind === "fails" && fault.code === "ENOSPC";
    return full && kind !== "write" ? { kind: "none" } : fault;
  };
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}

async function checkSeed(seed: number): Promise<void> {
  const random = seededRandom(seed);
  let disk = new SimulatedDisk();
  let life: Life = { before: EMPTY_LOG, requests: [], acknowledged: 0, compacted: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    disk.fault = someFault(random);
    const log = await openUnlessFailing(disk, random);
    if (log !== undefined) {
      const found = await contentsOf(log);
      const states = possible(life).map((state) => from(state, log.firstIndex));
      expect(states).toContainEqual(found);
      expect(log.firstIndex).toBeLessThanOrEqual(life.compacted + 1);
      // What was found stays: a recovery does not change its mind at the next one.
      life = { before: found, requests: [], acknowledged: 0, compacted: log.firstIndex - 1 };
      await new Driver(random, life).run(log);
    }
    const end = random.below(4);
    if (end === 0) disk = disk.kill();
    else disk = disk.cutPower(end === 1 ? loseAll : keepSome(random, SECTOR_BYTES));
  }
}

test(`acknowledged appends survive crashes, others are whole or absent (${SEEDS} seeds)`, async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    await checkSeed(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}`, { cause });
    });
  }
});
