/** Runs a file of tests against a copy of the project with a deliberate bug in it. */
import { spawn } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Catch, type Mutant, plant } from "./mutant.js";

/** What tests do not read, or what the copy has as a link. */
const NOT_COPIED = new Set(["node_modules", "dist", ".git"]);
const RUN_LIMIT_MS = 180_000;

interface TestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * @returns undefined where all tests pass with the bug.
 * @throws where they fail without it, or not because of a test: then nothing is said of the bug.
 */
export async function catchByTests(root: string, mutant: Mutant): Promise<Catch | undefined> {
  const copy = mkdtempSync(join(tmpdir(), "skep-mutant-"));
  try {
    for (const name of readdirSync(root)) {
      if (!NOT_COPIED.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const path = join(copy, mutant.file);
    const source = readFileSync(path, "utf8");
    const before = await failure(copy, mutant.caughtBy);
    if (before !== undefined) throw new Error(`fails without the bug: ${before.by}`);
    writeFileSync(path, plant(mutant, source));
    return await failure(copy, mutant.caughtBy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The first test of the file that fails. */
async function failure(root: string, file: string): Promise<Catch | undefined> {
  const output = join(root, "report.json");
  rmSync(output, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project", "unit", "--reporter=json", `--outputFile=${output}`];
  const said = await run([...args, file], root);
  let report: TestReport;
  try {
    report = JSON.parse(readFileSync(output, "utf8")) as TestReport;
  } catch (cause) {
    throw new Error(`no report of ${file}: ${said}`, { cause });
  }
  const [tests] = report.testResults;
  if (tests === undefined) throw new Error(`${file} has no tests: ${said}`);
  const results = tests.assertionResults;
  const failed = results.find(({ status }) => status === "failed");
  if (failed !== undefined) return { by: failed.fullName, as: failed.failureMessages[0] ?? "" };
  if (results.length === 0) throw new Error(`${file} does not load: ${tests.message}`);
  return undefined;
}

function run(args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_LIMIT_MS,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(said));
  });
}
