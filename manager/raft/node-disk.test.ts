import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";

import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { Journal } from "../../test/sim/journal.js";
import type { MemberId } from "./core/member-id.js";
import { isDiskFull } from "./disk.js";
import { nodeDisk } from "./node-disk.js";
import { RaftMember } from "./raft-member.js";

const ROOT = resolve(import.meta.dirname, "../..");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-raft-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("the real disk", () => {
  test("makes folders and files for its user alone", async () => {
    const nested = `${folder}/a/b`;
    await nodeDisk.makeFolder(nested);
    await nodeDisk.makeFolder(nested);
    await (await nodeDisk.open(`${nested}/file`, "create")).close();
    expect((await stat(nested)).mode & 0o777).toBe(0o700);
    expect((await stat(`${nested}/file`)).mode & 0o777).toBe(0o600);
    expect(await nodeDisk.list(nested)).toEqual(["file"]);
  });

  test("writes where it is told, reads what there is, and cuts", async () => {
    const path = `${folder}/file`;
    const file = await nodeDisk.open(path, "create");
    await file.write(4, new Uint8Array([1, 2, 3, 4]));
    await file.sync();
    expect(await file.size()).toBe(8);
    expect([...(await file.read(2, 100))]).toEqual([0, 0, 1, 2, 3, 4]);
    await file.truncate(5);
    expect([...(await file.read(0, 100))]).toEqual([0, 0, 0, 0, 1]);
    await file.close();

    await nodeDisk.rename(path, `${path}.new`);
    await nodeDisk.syncFolder(folder);
    const again = await nodeDisk.open(`${path}.new`, "existing");
    expect(await again.size()).toBe(5);
    await again.close();
    await nodeDisk.remove(`${path}.new`);
    await expect(nodeDisk.open(path, "existing")).rejects.toThrow("ENOENT");
    expect(await nodeDisk.freeBytes(folder)).toBeGreaterThan(0);
  });

  test("says that it is full in a way that is understood", async () => {
    // The kernel's own full disk.
    const full = await nodeDisk.open("/dev/full", "existing");
    const error: unknown = await full.write(0, new Uint8Array(1)).catch((cause: unknown) => cause);
    expect(isDiskFull(error)).toBe(true);
    await full.close();
  });
});

describe("a process that is killed while it appends", () => {
  const ROUNDS = 4;
  const ACKNOWLEDGED_PER_ROUND = 300;
  const options = {
    id: "alone" as MemberId,
    beginning: "found",
    peers: { send: () => undefined, sendSnapshot: () => Promise.reject(new Error("nobody")) },
    random: systemRandom(),
    disk: nodeDisk,
    clock: systemClock,
    logger: silentLogger,
    onFatal: () => undefined,
    compaction: () => ({ snapshotInterval: 150, logEntriesForSlowFollowers: 10 }),
    sizes: { segmentBytes: 4_096, growBytes: 1_024 },
  } as const;

  test("has every entry that it acknowledged when it starts again", async () => {
    const modules = `${folder}/modules`;
    await compile(modules);
    const dir = `${folder}/raft`;
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      acknowledged.push(...(await appendUntilKilled(modules, dir, round)));
      const journal = new Journal();
      const log = await RaftMember.open({ ...options, dir, stateMachine: journal });
      expect(new Set(journal.lines).size).toBe(journal.lines.length);
      const there = new Set(journal.lines);
      expect(acknowledged.filter((line) => !there.has(line))).toEqual([]);
      await log.close();
    }
  });

  /** @returns the lines whose acknowledgement was heard before the kill. */
  async function appendUntilKilled(modules: string, dir: string, round: number): Promise<string[]> {
    const args = ["--input-type=module", "-e", appender(modules), dir, String(round)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exited = new Promise((done) => child.once("exit", done));
    const heard: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      heard.push(line);
      if (heard.length === ACKNOWLEDGED_PER_ROUND) child.kill("SIGKILL");
    }
    await exited;
    expect(heard.length).toBeGreaterThanOrEqual(ACKNOWLEDGED_PER_ROUND);
    return heard;
  }

  /** Appends for ever, sixteen at a time, and prints each line once it is acknowledged. */
  function appender(modules: string): string {
    return `
      import { writeSync } from "node:fs";
      import { nodeDisk } from "${modules}/manager/raft/node-disk.js";
      import { RaftMember } from "${modules}/manager/raft/raft-member.js";
      import { systemRandom } from "${modules}/shared/ports/system-random.js";
      import { Journal } from "${modules}/test/sim/journal.js";
      import { silentLogger } from "${modules}/shared/ports/logger.js";
      import { systemClock } from "${modules}/shared/ports/system-clock.js";
      const [dir, round] = process.argv.slice(1);
      const log = await RaftMember.open({
        id: "alone", beginning: "found", peers: { send: () => undefined }, random: systemRandom(),
        dir, disk: nodeDisk, clock: systemClock, logger: silentLogger, stateMachine: new Journal(),
        onFatal: (error) => { throw error; },
        compaction: () => (${JSON.stringify(options.compaction())}),
        sizes: ${JSON.stringify(options.sizes)},
      });
      const append = async (writer) => {
        for (let n = 0; ; n++) {
          const line = [round, writer, n].join(".");
          await log.propose(new TextEncoder().encode(line));
          writeSync(1, line + "\\n");
        }
      };
      for (let writer = 0; writer < 16; writer++) void append(writer);
    `;
  }
});

/**
 * The log's modules as JavaScript, for a process of its own: no build has to go before this test.
 */
async function compile(target: string): Promise<void> {
  const waiting = ["manager/raft/raft-member", "manager/raft/node-disk", "test/sim/journal"];
  waiting.push("shared/ports/logger", "shared/ports/system-clock", "shared/ports/system-random");
  const done = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (done.has(name)) continue;
    done.add(name);
    const source = join(ROOT, `${name}.ts`);
    const { outputText } = ts.transpileModule(await readFile(source, "utf8"), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
      },
    });
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, `${name}.js`), outputText);
    for (const [, imported] of outputText.matchAll(/from "(\.[^"]+)\.js"/g)) {
      waiting.push(relative(ROOT, resolve(dirname(source), imported!)));
    }
  }
  await writeFile(join(target, "package.json"), '{ "type": "module" }');
}
