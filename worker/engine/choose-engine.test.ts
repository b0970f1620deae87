import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { engineKind } from "./choose-engine.js";

let folder: string;
let server: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-choice-"));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, "docker.sock"), resolve));
  await writeFile(join(folder, "file"), "");
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

test.each([
  ["auto", "docker.sock", "docker"],
  ["auto", "missing.sock", "process"],
  ["auto", "file", "process"],
  ["docker", "docker.sock", "docker"],
  ["process", "docker.sock", "process"],
] as const)("--engine %s with %s is %s", async (choice, socket, kind) => {
  expect(await engineKind(choice, join(folder, socket))).toBe(kind);
});

test("--engine docker without a socket says what to do", async () => {
  await expect(engineKind("docker", "/no/such.sock")).rejects.toThrow(
    "there is no Docker engine at unix:///no/such.sock: start it, or choose --engine process",
  );
});
