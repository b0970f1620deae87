import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TaskId } from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import type { StoredAssignments, StoredStatus } from "./agent-memory.js";
import { TaskDb } from "./task-db.js";

const ASSIGNMENTS: StoredAssignments = {
  fence: { epoch: 1, term: 2, sequence: 3 },
  managers: ["10.0.0.1:2377"],
  tasks: [],
  templates: [],
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-db-"));
});

afterEach(() => rm(folder, { recursive: true }));

function openDb(): TaskDb {
  return new TaskDb({ folder, clock: new ManualClock(), logger: silentLogger });
}

function status(id: string): StoredStatus {
  const running = { state: "running", atMs: 1, message: "started" } as const;
  return { taskId: id as TaskId, status: running, delivery: "pending" };
}

test("a new one remembers nothing", async () => {
  expect(await openDb().read()).toMatchObject({
    memory: "none",
    statuses: [],
    assignments: { fence: { epoch: 0, term: 0, sequence: 0 }, managers: [] },
  });
});

test("what was saved is read by the next", async () => {
  const db = openDb();
  await db.read();
  await db.saveAssignments(ASSIGNMENTS);
  for (let i = 0; i < 20; i++) db.saveStatuses(() => [status(`t${i}`)]);
  await db.flush();
  const remembered = await openDb().read();
  expect(remembered).toEqual({
    memory: "kept",
    assignments: ASSIGNMENTS,
    statuses: [status("t19")],
  });
});

describe("a damaged file", () => {
  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["cut short", (bytes) => bytes.subarray(0, -20)],
    ["empty", () => Buffer.alloc(0)],
    ["altered in one bit", (bytes) => flipped(bytes, bytes.length - 10)],
    ["altered in its header", (bytes) => flipped(bytes, 5)],
  ])("that is %s is set aside, and the fence does not fall", async (_how, damage) => {
    const db = openDb();
    await db.read();
    await db.saveAssignments(ASSIGNMENTS);
    db.saveStatuses(() => [status("t")]);
    await db.flush();
    const path = join(folder, "assignments.json");
    await writeFile(path, damage(await readFile(path)));
    expect(await openDb().read()).toMatchObject({
      memory: "none",
      assignments: { fence: ASSIGNMENTS.fence, tasks: [], managers: [] },
      statuses: [status("t")],
    });
    const names = await readdir(folder);
    expect(names.filter((name) => name.includes("damaged"))).toHaveLength(1);
  });
});

test("a write that was cut off by a crash leaves what was there", async () => {
  const db = openDb();
  await db.read();
  await db.saveAssignments(ASSIGNMENTS);
  await writeFile(join(folder, "assignments.json.new"), '{"format":1,"sha');
  expect((await openDb().read()).assignments).toEqual(ASSIGNMENTS);
});

test("a node that left remembers nothing", async () => {
  const db = openDb();
  await db.read();
  await db.saveAssignments(ASSIGNMENTS);
  db.saveStatuses(() => [status("t")]);
  await db.clear();
  expect(await openDb().read()).toMatchObject({ memory: "none", statuses: [] });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
