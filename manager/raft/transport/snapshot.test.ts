import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { TryAgainError } from "../../../shared/errors/cluster-error.js";
import { type SnapshotMessage, type Station, Stations } from "../../../test/transports.js";
import { NO_MEMBERS } from "../core/membership.js";

const WAIT = { timeout: 10_000, interval: 10 };
const MIB = 1024 * 1024;
/** What may be on its way at once, at most: the sender's window, buffers of gRPC and the receiver. */
const ON_ITS_WAY_BYTES = 24 * MIB;

let stations: Stations;
let [from, to]: Station[] = [];

beforeEach(async () => {
  stations = await Stations.create();
  [from, to] = [await stations.start("one"), await stations.start("two")];
});

afterEach(() => {
  stations.close();
});

function messageOf(term = 3): SnapshotMessage {
  const snapshot = { index: 1_000, term: 2, membership: { ...NO_MEMBERS, voters: [from!.id] } };
  return { kind: "snapshot", snapshot, term, from: from!.id, to: to!.id };
}

/** Chunks of all sizes, with no two alike; counts what was asked for. */
class Source {
  readBytes = 0;
  returned = false;
  readonly #chunks: number;
  readonly #chunkBytes: (i: number) => number;

  constructor(chunks: number, chunkBytes: (i: number) => number) {
    this.#chunks = chunks;
    this.#chunkBytes = chunkBytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; i < this.#chunks; i++) {
        const chunk = Buffer.alloc(this.#chunkBytes(i), i % 251);
        if (chunk.length >= 4) chunk.writeUInt32LE(i);
        this.readBytes += chunk.length;
        yield chunk;
      }
    } finally {
      this.returned = true;
    }
  }

  async digest(): Promise<string> {
    return digestOf(new Source(this.#chunks, this.#chunkBytes).chunks());
  }
}

async function digestOf(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: (bytes: number) => Promise<void> | void = () => undefined,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    // With its length: chunks must not be joined.
    hash.update(`${chunk.length}:`).update(chunk);
    await onChunk(chunk.length);
  }
  return hash.digest("hex");
}

const LARGE = (): Source => new Source(800, () => 64 * 1024);

test("arrives whole, chunk by chunk, and its message with it", async () => {
  const sizes = [0, 1, 5, 256 * 1024, 256 * 1024 + 1, 3 * MIB, 0];
  const source = new Source(sizes.length, (i) => sizes[i]!);
  let digest = "";
  let heard: unknown;
  to!.heard.takeSnapshot = async (message, chunks) => {
    heard = message;
    digest = await digestOf(chunks);
  };
  await from!.transport.sendSnapshot(messageOf(), source.chunks());
  expect(heard).toEqual(messageOf());
  expect(digest).toBe(await source.digest());
  expect(source.returned).toBe(true);
});

test("is read no faster than the receiver takes it", async () => {
  const source = LARGE();
  let taken = 0;
  let most = 0;
  let digest = "";
  to!.heard.takeSnapshot = async (_message, chunks) => {
    digest = await digestOf(chunks, async (bytes) => {
      taken += bytes;
      most = Math.max(most, source.readBytes - taken);
      if (taken % (5 * MIB) === 0) for (let turn = 0; turn < 1_000; turn++) await nextTurn();
    });
  };
  await from!.transport.sendSnapshot(messageOf(), source.chunks());
  expect(digest).toBe(await source.digest());
  expect(source.readBytes).toBe(50 * MIB);
  expect(most).toBeLessThan(ON_ITS_WAY_BYTES);
});

describe("a line that breaks", () => {
  test("half way: the transfer goes on where it was, through a new address", async () => {
    const source = LARGE();
    let digest = "";
    to!.heard.takeSnapshot = async (_message, chunks) => {
      digest = await digestOf(chunks);
    };
    const before = to!.line;
    before.onCarried = (carried) => {
      if (carried > 25 * MIB) before.cut();
    };
    const sent = from!.transport.sendSnapshot(messageOf(), source.chunks());
    await vi.waitFor(() => expect(before.carriedBytes).toBeGreaterThan(25 * MIB), WAIT);
    const after = await stations.relocate(to!);
    await sent;
    expect(digest).toBe(await source.digest());
    // Of what was on its way some is sent twice.
    expect(before.carriedBytes + after.carriedBytes).toBeLessThan(50 * MIB + ON_ITS_WAY_BYTES);
  });

  test("again and again: it arrives all the same", async () => {
    const source = LARGE();
    let digest = "";
    to!.heard.takeSnapshot = async (_message, chunks) => {
      digest = await digestOf(chunks);
    };
    const { line } = to!;
    let cuts = 0;
    line.onCarried = (carried) => {
      if (carried < (cuts + 1) * 10 * MIB || cuts === 5) return;
      cuts++;
      line.cut();
      line.mend();
    };
    await from!.transport.sendSnapshot(messageOf(), source.chunks());
    expect(cuts).toBe(5);
    expect(digest).toBe(await source.digest());
  });

  test("a receiver that has forgotten the first part gets nothing: it would be cut short", async () => {
    const source = LARGE();
    const ends: unknown[] = [];
    to!.heard.takeSnapshot = (_message, chunks) =>
      digestOf(chunks).then(
        () => undefined,
        (error: unknown) => {
          ends.push(error);
          throw error;
        },
      );
    const { line } = to!;
    line.onCarried = (carried) => {
      if (carried > 25 * MIB) line.cut();
    };
    const sent = from!.transport.sendSnapshot(messageOf(), source.chunks());
    await vi.waitFor(() => expect(line.carriedBytes).toBeGreaterThan(25 * MIB), WAIT);
    stations.stop(to!);
    to = await stations.start("two");
    await expect(sent).rejects.toThrow("forgotten the first part");
    expect(ends).toHaveLength(1);
    expect(source.returned).toBe(true);
  });
});

describe("is refused", () => {
  test("while another is under way, but for one of a later leader, which takes its place", async () => {
    const ends: string[] = [];
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    to!.heard.takeSnapshot = async ({ term }, chunks) => {
      await digestOf(chunks, () => (term === 3 ? held : undefined)).then(
        () => ends.push(`term ${term} taken`),
        () => ends.push(`term ${term} given up`),
      );
    };
    const third = await stations.start("three");
    const old = from!.transport.sendSnapshot(messageOf(), LARGE().chunks());
    await vi.waitFor(() => expect(to!.line.carriedBytes).toBeGreaterThan(MIB), WAIT);
    const another = { ...messageOf(), from: third.id };
    await expect(third.transport.sendSnapshot(another, LARGE().chunks())).rejects.toThrow(
      "another snapshot is under way",
    );
    const later = third.transport.sendSnapshot({ ...another, term: 4 }, LARGE().chunks());
    await expect(old).rejects.toThrow("another snapshot takes its place");
    goOn();
    await later;
    expect(ends).toEqual(["term 3 given up", "term 4 taken"]);
  });

  test("by a receiver that cannot write it down: the sender hears why, and lets go of it", async () => {
    const source = LARGE();
    to!.heard.takeSnapshot = async (_message, chunks) => {
      await digestOf(chunks, () => Promise.reject(new TryAgainError("no room on the disk")));
    };
    await expect(from!.transport.sendSnapshot(messageOf(), source.chunks())).rejects.toThrow(
      "no room on the disk",
    );
    expect(source.returned).toBe(true);
  });
});

test("a snapshot that cannot be read ends on both sides", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield* new Source(10, () => MIB).chunks();
    throw new Error("damaged");
  }
  const end = new Promise((resolve) => {
    to!.heard.takeSnapshot = async (_message, chunks) => {
      await digestOf(chunks).catch(resolve);
    };
  });
  await expect(from!.transport.sendSnapshot(messageOf(), broken())).rejects.toThrow("damaged");
  to!.transport.close();
  expect(await end).toBeInstanceOf(Error);
});
