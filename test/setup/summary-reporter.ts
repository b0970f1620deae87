/**
 * Says at the end of a test run what was skipped and why, and hands the counts to `npm test`.
 *
 * In CI (`CI=true`) a skipped test counts as failed: there, everything a test can need is provided,
 * and a suite that quietly shrinks would look like one that passes.
 */
import { writeFileSync } from "node:fs";

import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from "vitest/node";

interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
}

/** The file that a `TestSummary` is written to, as JSON, for `npm test` to tell at its end. */
const SUMMARY_FILE = process.env["SKEP_TEST_SUMMARY"];

export class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const summary = summarize(modules, unhandled.length);
    if (SUMMARY_FILE !== undefined) writeFileSync(SUMMARY_FILE, JSON.stringify(summary));
    // Tests that `-t` left out were not wanted: no more to say about them.
    if (summary.skipped.length === 0 || this.#vitest?.config.testNamePattern !== undefined) return;
    if (SUMMARY_FILE === undefined) printSkipped(summary.skipped);
    if (isSkipFailure()) process.exitCode = 1;
  }
}

function printSkipped(skipped: readonly Skipped[]): void {
  console.log(`\nskipped (${skipped.length}):`);
  for (const { name, reason } of skipped) console.log(`  ${name}\n    ${reason}`);
}

function summarize(modules: readonly TestModule[], unhandledErrors: number): TestSummary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string) => tests.filter((test) => test.result().state === state);
  const skipped = inState("skipped").map((test) => ({
    name: `${test.project.name} ${test.module.relativeModuleId} > ${test.fullName}`,
    reason: reasonOf(test),
  }));
  // A file that does not load and a hook that throws fail without any test of theirs failing.
  const brokenSuites = modules
    .flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0);
  const failed = inState("failed").length + brokenSuites.length + unhandledErrors;
  return {
    passed: inState("passed").length,
    failed: isSkipFailure() ? failed + skipped.length : failed,
    skipped,
  };
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  const reason = note ?? test.meta().skipReason;
  if (reason !== undefined) return reason;
  return test.parent.errors().length > 0 ? "its set-up failed" : "no reason given";
}

function isSkipFailure(): boolean {
  return process.env["CI"] === "true";
}
