/** What `.ci/run` runs: all tests and checks; the last line adds them up. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ROOT, SUMMARY_FOLDER } from "./bootstrap.mjs";

/** @type {readonly (readonly [summary: string, npmArguments: readonly string[]])[]} */
const RUNNERS = [
  ["test", ["test"]],
  ["check", ["run", "check"]],
];

let passed = 0;
let failed = 0;
for (const [name, args] of RUNNERS) {
  const file = join(SUMMARY_FOLDER, `${name}.json`);
  rmSync(file, { force: true });
  const { status } = spawnSync("npm", args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  // A runner that died before it could count is one failure.
  /** @type {{ readonly passed: number, readonly failed: number }} */
  const counts = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { passed: 0, failed: 1 };
  passed += counts.passed;
  failed += status !== 0 && counts.failed === 0 ? 1 : counts.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
