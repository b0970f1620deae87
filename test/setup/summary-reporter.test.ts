import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, onTestFinished, test } from "vitest";

const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));
const VITEST = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

function vitest(environment: NodeJS.ProcessEnv, ...files: readonly string[]) {
  const { SKEP_TEST_SUMMARY: _ofOurOwnRun, ...inherited } = process.env;
  return spawnSync(process.execPath, [VITEST, "run", "--root", FIXTURES, ...files], {
    encoding: "utf8",
    env: { ...inherited, ...environment },
  });
}

function runFixtures(ci: string, ...files: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "skep-summary-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "summary.json");
  const { status } = vitest({ CI: ci, SKEP_TEST_SUMMARY: file }, ...files);
  return { status, summary: JSON.parse(readFileSync(file, "utf8")) as unknown };
}

const SKIPPED = [
  { name: "fixture outcomes.fixture.ts > is skipped with a reason", reason: "no engine here" },
  { name: "fixture outcomes.fixture.ts > is skipped without a reason", reason: "no reason given" },
  {
    name: "fixture outcomes.fixture.ts > a suite whose set-up fails > never runs",
    reason: "its set-up failed",
  },
];

test("failed are the test, the suite and the file; each skip is named with its reason", () => {
  const { status, summary } = runFixtures("", "outcomes", "broken");
  expect(summary).toEqual({ passed: 1, failed: 3, skipped: SKIPPED });
  expect(status).toBe(1);
});

test("where nobody asks for the summary, the skips are printed", () => {
  const { stdout } = vitest({ CI: "" }, "outcomes");
  expect(stdout).toContain("skipped (3):");
  expect(stdout).toContain("is skipped with a reason\n    no engine here");
});

test("in CI each skip is a failure", () => {
  expect(runFixtures("true", "outcomes", "broken").summary).toMatchObject({
    passed: 1,
    failed: 3 + SKIPPED.length,
  });
});

test("what is missing is the reason, and no hook of the file runs", () => {
  const { summary } = runFixtures("", "skips");
  expect(summary).toEqual({
    passed: 0,
    failed: 0,
    skipped: [
      {
        name: "fixture skips.fixture.ts > reads what is not there > all of it",
        reason: expect.stringMatching(/^there is no .*\/no\/such\/file/),
      },
    ],
  });
});

test.each([
  ["", 0],
  ["true", 1],
])("with CI=%j, a run that only skips ends with %i", (ci, status) => {
  expect(runFixtures(ci, "skips").status).toBe(status);
});
