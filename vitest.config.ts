/** The two kinds of tests: `unit` needs nothing but Node, `e2e` drives a real container engine. */
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

import { SummaryReporter } from "./test/setup/summary-reporter.js";

const MINUTE_MS = 60_000;

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
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: fileURLToPath(new URL("./test/setup/provide-engine.ts", import.meta.url)),
          // All files share one engine, and its ports.
          fileParallelism: false,
          testTimeout: 3 * MINUTE_MS,
          hookTimeout: 5 * MINUTE_MS,
        },
      },
    ],
  },
});
