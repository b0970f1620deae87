/**
 * `npm run check [-- steps]`: everything about the code that a tool can judge, or the named steps
 * of it. All run, whatever the others find, as many at a time as there are cores; the end says
 * which failed.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { ensureInstalled, ROOT, SetupError, SUMMARY_FOLDER } from "./bootstrap.mjs";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} command a program of node_modules and its arguments
 * @property {(output: string) => string | undefined} [objection] to the output of a success
 */

/** @type {readonly Step[]} the slowest first */
const STEPS = [
  { name: "lint", command: ["eslint/bin/eslint.js", "."] },
  { name: "types", command: ["typescript/bin/tsc", "-p", "tsconfig.json"] },
  {
    name: "pure-core",
    command: ["typescript/bin/tsc", "-p", "tsconfig.core.json", "--listFiles"],
    objection: nodeTypesAmong,
  },
  { name: "dead-code", command: ["knip/bin/knip.js"] },
  { name: "tidy", command: ["vitest/vitest.mjs", "run", "--project", "unit", "test/tidy"] },
  { name: "format", command: ["prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."] },
];

const steps = chosenSteps(process.argv.slice(2));
setUp();
const queue = [...steps];
/** @type {string[]} */
const failed = [];
await Promise.all(Array.from({ length: availableParallelism() }, runFromQueue));
report();

/** @param {readonly string[]} names none for all */
function chosenSteps(names) {
  const unknown = names.filter((name) => STEPS.every((step) => step.name !== name));
  if (unknown.length === 0)
    return names.length === 0 ? STEPS : STEPS.filter(({ name }) => names.includes(name));
  console.error(
    `no step "${unknown.join('", "')}": the steps are ${STEPS.map(({ name }) => name).join(", ")}`,
  );
  process.exit(1);
}

function setUp() {
  try {
    ensureInstalled();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function runFromQueue() {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const startedMs = performance.now();
    const complaint = await complaintOf(step);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${complaint === undefined ? "ok    " : "FAILED"}  ${step.name} (${seconds} s)`);
    if (complaint === undefined) continue;
    console.log(`${complaint.trim()}\n`);
    failed.push(step.name);
  }
}

/**
 * @param {Step} step
 * @returns {Promise<string | undefined>} what is wrong
 */
function complaintOf({ command, objection }) {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "node_modules", program), ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code === 0 ? objection?.(output) : withoutFileList(output));
    });
  });
}

/**
 * `types: []` keeps Node's names out of core/ only while nothing that core/ imports brings them in.
 * @param {string} output of `tsc --listFiles`
 */
function nodeTypesAmong(output) {
  if (!output.includes("node_modules/@types/node/")) return undefined;
  return "core/ or shared/model imports, through some file, the types of Node: see `npx tsc -p tsconfig.core.json --explainFiles --incremental false`";
}

/**
 * @param {string} output of a failed command, of which `tsc --listFiles` names hundreds of files
 */
function withoutFileList(output) {
  return output.replace(/^\/.*\.[cm]?ts\n/gm, "");
}

function report() {
  mkdirSync(SUMMARY_FOLDER, { recursive: true });
  const summary = { passed: steps.length - failed.length, failed: failed.length };
  writeFileSync(join(SUMMARY_FOLDER, "check.json"), JSON.stringify(summary));
  console.log(
    failed.length === 0 ? "\ncheck: all is well" : `\ncheck: failed: ${failed.join(", ")}`,
  );
  if (failed.length > 0) process.exitCode = 1;
}
