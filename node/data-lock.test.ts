/** One daemon per data folder, whoever comes first, and whatever became of the one before. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import { type DataLock, lockDataDir } from "./data-lock.js";

let folder: string;
const held: DataLock[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-lock-"));
});

afterEach(async () => {
  for (const lock of held.splice(0)) lock.release();
  await rm(folder, { recursive: true, force: true });
});

async function lock(): Promise<DataLock> {
  const taken = await lockDataDir(folder);
  held.push(taken);
  return taken;
}

const REFUSAL = `another skepd (process ${process.pid}) uses`;

test("the second is refused and told who has it, until the first lets go", async () => {
  const first = await lock();
  await expect(lock()).rejects.toThrow(FailedPreconditionError);
  await expect(lock()).rejects.toThrow(REFUSAL);
  first.release();
  await lock();
});

test("of many at the same moment exactly one gets it", async () => {
  const ends = await Promise.allSettled(Array.from({ length: 8 }, lock));
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test.each([
  ["of a process that is gone", "999999999 gone:1\n"],
  // As in a container, where every daemon has the same pid.
  ["of an earlier process with our pid", `${process.pid} earlier:1\n`],
  ["that is not ours", "nonsense\n\n"],
  ["that is empty", ""],
])("a lock file %s holds nobody up", async (_what, text) => {
  await writeFile(join(folder, "skepd.pid"), text);
  await lock();
  await expect(lock()).rejects.toThrow(REFUSAL);
});

test("without flock(1) the file decides", async () => {
  vi.stubEnv("PATH", "/nowhere");
  try {
    await writeFile(join(folder, "skepd.pid"), "999999999 gone:1\n");
    await lock();
    await expect(lock()).rejects.toThrow(REFUSAL);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("the folder is made where there is none", async () => {
  held.push(await lockDataDir(join(folder, "new", "data")));
});
