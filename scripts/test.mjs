/**
 * `npm test [-- [--only unit|e2e] paths]`: everything a fresh clone needs, then the unit and the
 * end-to-end tests.
 *
 * The end-to-end tests run after the unit tests, not beside them: they wait for real containers,
 * and on a small machine would be slowed down until they fail.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ensureBuilt, ensureInstalled, ROOT, SetupError, SUMMARY_FOLDER } from "./bootstrap.mjs";

/**
 * @typedef {object} Summary
 * @property {number} passed
 * @property {number} failed
 * @property {readonly { readonly name: string, readonly reason: string }[]} skipped
 */

/** @type {Summary} A run that ended without a summary counts as one failure. */
const BROKEN_RUN = { passed: 0, failed: 1, skipped: [] };

/** By kind, projects of `vitest.config.ts`: one run of vitest each. */
const KINDS = new Map([
  ["unit", ["unit"]],
  ["e2e", ["e2e", "e2e-alone"]],
]);

const { values, positionals: paths } = parseArgs({
  options: { only: { type: "string" } },
  allowPositionals: true,
});
const kinds = values.only === undefined ? [...KINDS.keys()] : [values.only];
const unknown = kinds.filter((kind) => !KINDS.has(kind));
if (unknown.length > 0) {
  console.error(`no tests of kind "${unknown.join()}": there are ${[...KINDS.keys()].join(", ")}`);
  process.exit(1);
}
const summaries = [attempt(ensureInstalled) ?? attempt(ensureBuilt)].filter((s) => s !== undefined);
if (existsSync(join(ROOT, "node_modules", "vitest"))) {
  mkdirSync(SUMMARY_FOLDER, { recursive: true });
  summaries.push(...kinds.map((kind) => run(kind)));
}
report(summaries);

/**
 * @param {() => void} step
 * @returns {Summary | undefined} undefined when it went well
 */
function attempt(step) {
  try {
    step();
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return BROKEN_RUN;
  }
}

/**
 * @param {string} kind
 * @returns {Summary}
 */
function run(kind) {
  const file = join(SUMMARY_FOLDER, `${kind}-tests.json`);
  rmSync(file, { force: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const chosen = (KINDS.get(kind) ?? []).flatMap((project) => ["--project", project]);
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", ...chosen, "--passWithNoTests", ...paths],
    { cwd: ROOT, stdio: "inherit", env: { ...process.env, SKEP_TEST_SUMMARY: file } },
  );
  if (!existsSync(file)) return BROKEN_RUN;
  /** @type {Summary} */
  const summary = JSON.parse(readFileSync(file, "utf8"));
  // vitest knows ways to fail that are no test's (a start-up error, say).
  return status !== 0 && summary.failed === 0 ? { ...summary, failed: 1 } : summary;
}

/** @param {readonly Summary[]} parts */
function report(parts) {
  const skipped = parts.flatMap((part) => part.skipped);
  const total = {
    passed: parts.reduce((sum, part) => sum + part.passed, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
  };
  mkdirSync(SUMMARY_FOLDER, { recursive: true });
  const name = values.only ?? "test";
  writeFileSync(join(SUMMARY_FOLDER, `${name}.json`), JSON.stringify(total));
  if (skipped.length > 0) console.log(`\nskipped (${skipped.length}):`);
  for (const { name, reason } of skipped) console.log(`  ${name}\n    ${reason}`);
  console.log(`\ntests: ${total.passed} passed, ${total.failed} failed, ${skipped.length} skipped`);
  if (total.failed > 0) process.exitCode = 1;
}
