/**
 * What `.ci/run` runs: all tests and checks; the last line adds them up.
 *
 * The checks run beside the end-to-end tests, which wait for most of their time, and give way to them.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ROOT, SUMMARY_FOLDER } from "./bootstrap.mjs";

/** Of nice(1): gets what the others leave, and a tenth where they leave nothing. */
const GIVING_WAY = ["nice", "-n", "10"];

/**
 * @typedef {object} Outcome
 * @property {string} output what was not shown yet
 * @property {number} passed
 * @property {number} failed
 */

/** @type {Outcome[]} */
const outcomes = [await outcomeOf("unit", ["npm", "test", "--", "--only", "unit"])];
const checked = outcomeOf("check", [...GIVING_WAY, "npm", "run", "check"], "held back");
outcomes.push(await outcomeOf("e2e", ["npm", "test", "--", "--only", "e2e"]), await checked);

for (const { output } of outcomes) process.stdout.write(output);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @param {string} name of the summary that the runner writes
 * @param {readonly string[]} words
 * @param {"held back" | "shown"} outputIs
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(name, [program = "", ...args], outputIs = "shown") {
  const file = join(SUMMARY_FOLDER, `${name}.json`);
  rmSync(file, { force: true });
  const out = outputIs === "shown" ? "inherit" : "pipe";
  const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", out, out] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text) => (output += String(text)));
  }
  const status = await new Promise((resolve) => {
    child.on("error", () => resolve(undefined));
    child.on("close", resolve);
  });
  // A runner that died before it could count is one failure.
  /** @type {{ readonly passed: number, readonly failed: number }} */
  const counts = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { passed: 0, failed: 1 };
  return { output, ...counts, failed: status !== 0 && counts.failed === 0 ? 1 : counts.failed };
}
