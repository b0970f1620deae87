/**
 * The two kinds of tests: `unit` needs nothing but Node, `e2e` drives real container engines and
 * hosts. What of `e2e` cannot share its machine is `e2e-alone`.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

import { SummaryReporter } from "./test/setup/summary-reporter.js";

const MINUTE_MS = 60_000;

/**
 * End-to-end tests that promise something within a time, or that keep all cores busy themselves: one
 * at a time, with nothing beside it. All others wait for most of their time, and share no more than
 * an engine, in which each knows its own by their labels: two at a time.
 */
const ALONE = [
  "bad-input", // answers within a second
  "lab-engine-restart", // right within five seconds
  "host-network", // mended within five seconds
  "lab-many-ports", // starts 300 containers
  "lab-mended-cable", // right within two seconds
  "lab-names", // right within a second
  "lab-networks", // 24,000 requests at full speed
  "lab-rolling-update", // 400 requests a second, and none may fail
  "leader-stall", // daemons stand still for less than would make them lost
  "stalls",
].map((name) => `test/e2e/${name}.test.ts`);
const E2E_AT_ONCE = 2;

const provideEngine = fileURLToPath(new URL("./test/setup/provide-engine.ts", import.meta.url));
const e2e = { globalSetup: provideEngine, testTimeout: 3 * MINUTE_MS, hookTimeout: 5 * MINUTE_MS };

export default defineConfig({
  test: {
    reporters: ["default", new SummaryReporter()],
    // A test that passes on the second try has found something.
    retry: 0,
    // `.only` left in a file would hide all the rest.
    allowOnly: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,manager,worker,node,cli,deploy,bench,scripts,test}/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          globalSetup: fileURLToPath(new URL("./test/setup/programs.mjs", import.meta.url)),
          // Property tests and simulations on a machine with two busy cores.
          testTimeout: MINUTE_MS / 2,
          // All cores: nobody works at this machine while its tests run.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...{ name: "e2e", ...e2e, include: ["test/e2e/**/*.test.ts"], exclude: ALONE },
          maxWorkers: E2E_AT_ONCE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...{ name: "e2e-alone", ...e2e, include: ALONE },
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
