import { describe, expect, test } from "vitest";

import { UnimplementedError } from "../../shared/errors/cluster-error.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { answersOf } from "../../test/store/naive-state.js";
import { EVERYTHING } from "../../test/store/questions.js";
import {
  createNode,
  createService,
  createTask,
  sampleCluster,
  sampleStatus,
} from "../../test/store/samples.js";
import { updateInBatches } from "./batches.js";
import { CHUNK_BYTES, DamagedSnapshotError } from "./frames.js";
import { createMemoryStore } from "./memory-store.js";
import type { Store } from "./store.js";

const signal = new AbortController().signal;

async function storeWithTasks(count: number): Promise<Store> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  await store.update((tx) => {
    tx.apply({ kind: "create-cluster", cluster: sampleCluster() });
    tx.apply(createNode("n1"));
    tx.apply(createService("s1"));
  });
  await store.update(
    (tx) => {
      tx.apply(createService("s2"));
    },
    { requestId: "r1", replay: () => undefined },
  );
  const numbers = Array.from({ length: count }, (_, n) => n);
  await updateInBatches(
    store,
    numbers,
    (tx, n) => {
      tx.apply(createTask(`t${n}`, "s1", { slot: n + 1 }));
    },
    { signal },
  );
  return store;
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function restored(bytes: Uint8Array, pieceBytes = 1_000): Promise<Store> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  await store.restore(inPieces(bytes, pieceBytes));
  return store;
}

describe("a snapshot", () => {
  test("restores to the same state, however it is cut", async () => {
    const store = await storeWithTasks(5);
    const bytes = Buffer.concat(await drain(store.snapshot().chunks));
    for (const pieceBytes of [1, 3, 7, 100, bytes.length]) {
      const copy = await restored(bytes, pieceBytes);
      expect(copy.stateHash()).toBe(store.stateHash());
      expect(answersOf(copy.committed, EVERYTHING)).toEqual(answersOf(store.committed, EVERYTHING));
      expect(copy.committed.sequence).toBe(store.committed.sequence);
      expect(copy.requestOutcome("r1")).toEqual(store.requestOutcome("r1"));
      const { index, term } = store.snapshot();
      expect(copy.snapshot()).toMatchObject({ index, term });
    }
  });

  test("is the state when it was begun, whatever is applied while it is read", async () => {
    const store = await storeWithTasks(3_000);
    const [hash, tasks] = [store.stateHash(), store.committed.tasks()];
    const chunks: Uint8Array[] = [];
    let changed = 0;
    for await (const chunk of store.snapshot().chunks) {
      chunks.push(chunk);
      const task = store.committed.tasks()[changed * 7]!;
      const status = sampleStatus("failed", { error: "overtaken" });
      await store.update((tx) => {
        tx.apply({ kind: "observe-task", taskId: task.id, status });
        if (changed % 2 === 0) tx.apply({ kind: "remove-task", taskId: task.id });
        tx.apply(createTask(`new${changed++}`, "s1", { slot: 1 }));
      });
    }
    expect(changed).toBeGreaterThan(3);
    const copy = await restored(Buffer.concat(chunks), CHUNK_BYTES);
    expect(copy.stateHash()).toBe(hash);
    expect(copy.committed.tasks()).toEqual(tasks);
    expect(store.stateHash()).not.toBe(hash);
  });

  test("comes in chunks of bounded size, and lets others have their turn between them", async () => {
    const store = await storeWithTasks(2_000);
    let turns = 0;
    let reading = true;
    const count = (): void => {
      turns++;
      if (reading) setImmediate(count);
    };
    setImmediate(count);
    const chunks = await drain(store.snapshot().chunks);
    reading = false;
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(CHUNK_BYTES);
    expect(chunks.length).toBeGreaterThan(3);
    expect(turns).toBeGreaterThanOrEqual(chunks.length - 1);
  });

  test("may be given up early", async () => {
    const store = await storeWithTasks(2_000);
    for await (const chunk of store.snapshot().chunks) {
      expect(chunk).toHaveLength(CHUNK_BYTES);
      break;
    }
  });
});

describe("a snapshot that is not whole is refused, and what was there stays", () => {
  const damaged: readonly (readonly [string, (bytes: Buffer) => Buffer, RegExp])[] = [
    ["nothing", () => Buffer.alloc(0), /it is empty/],
    ["no header", (bytes) => bytes.subarray(4 + bytes.readUInt32LE(0)), /no header/],
    ["cut amid an object", (bytes) => bytes.subarray(0, -1), /ends amid an object/],
    ["cut between objects", (bytes) => withoutLast(bytes), /its state has hash/],
    [
      "an altered text",
      (bytes) => altered(bytes, "is pending", "is Pending"),
      /its state has hash/,
    ],
    ["an altered spec", (bytes) => altered(bytes, '"Name":"s1"', '"Name":"s3"'), /state has hash/],
    ["an object twice", (bytes) => Buffer.concat([bytes, lastTask(bytes)]), /an object twice/],
    ["a length that cannot be", (bytes) => Buffer.from(bytes).fill(0xff, 0, 4), /cannot be/],
    ["bytes that say nothing", (bytes) => Buffer.from(bytes).fill(0xff, 4, 20), /cannot be read/],
    [
      "an object of no known kind",
      (bytes) => Buffer.concat([bytes, Buffer.from([2, 0, 0, 0, 0x7a, 0])]),
      /no known kind/,
    ],
  ];

  test.each(damaged)("%s", async (_name, damage, message) => {
    const bytes = Buffer.concat(await drain((await storeWithTasks(3)).snapshot().chunks));
    const store = await storeWithTasks(1);
    const hash = store.stateHash();
    const restore = store.restore(inPieces(damage(bytes), 50));
    await expect(restore).rejects.toThrow(DamagedSnapshotError);
    await expect(restore).rejects.toThrow(message);
    expect(store.stateHash()).toBe(hash);
  });

  test("one of a later release", async () => {
    const bytes = Buffer.concat(await drain((await storeWithTasks(1)).snapshot().chunks));
    bytes[bytes.indexOf(Buffer.from([0x08, 0x01])) + 1] = 9;
    await expect(restored(bytes)).rejects.toThrow(UnimplementedError);
  });
});

function frames(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    all.push(bytes.subarray(at, end));
    at = end;
  }
  return all;
}

/** Behind the tasks comes the one answered request. */
function lastTask(bytes: Buffer): Buffer {
  return frames(bytes).at(-2)!;
}

function withoutLast(bytes: Buffer): Buffer {
  return Buffer.concat(frames(bytes).slice(0, -1));
}

function altered(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(from));
  return copy;
}
