import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { readIfThere, replaceFile } from "./durable-file.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-durable-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each(["durable", "soon"] as const)("a file is replaced whole (%s)", async (safety) => {
  const path = join(folder, "file");
  await replaceFile(path, "a long first text", safety);
  await replaceFile(path, "second", safety);
  expect(await readFile(path, "utf8")).toBe("second");
  expect(await readdir(folder)).toEqual(["file"]);
});

test("file and folder are for this user alone, whatever a crash had left", async () => {
  const path = join(folder, "private", "key.pem");
  await replaceFile(path, "one", "durable");
  await writeFile(`${path}.new`, "half of", { mode: 0o644 });
  await replaceFile(path, "two", "durable");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "private"))).mode & 0o777).toBe(0o700);
});

test("a file that is not there is undefined; one that cannot be read is an error", async () => {
  expect(await readIfThere(join(folder, "none"))).toBeUndefined();
  await expect(readIfThere(folder)).rejects.toThrow("EISDIR");
});
