/**
 * Tests that need something which not every machine has. Where it is missing they are skipped, and
 * the summary of the run names them with the reason; in CI that is a failure.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, inject, test } from "vitest";

import { obstacleToLab } from "../../deploy/lab/machine.js";

declare module "vitest" {
  export interface TaskMeta {
    /** Why the test is skipped, for the summary. */
    skipReason?: string;
  }
}

/** The folder of reference material beside a checkout: `SKEP_SHARED_DIR`, else `../shared`. */
const SHARED_FOLDER =
  process.env["SKEP_SHARED_DIR"] ?? fileURLToPath(new URL("../../../shared", import.meta.url));

/** A `describe` whose tests drive a container engine, at the unix socket they are given. */
export function describeWithEngine(name: string, body: (socket: string) => void): void {
  const engine = inject("engine");
  if (engine.kind === "ready") {
    describe(name, () => {
      body(engine.socket);
    });
  } else {
    skipAll(name, engine.reason);
  }
}

/** A `describe` whose tests make hosts of their own, in a laboratory. */
export function describeWithLab(name: string, body: () => void): void {
  const obstacle = obstacleToLab();
  if (obstacle === undefined) describe(name, body);
  else skipAll(name, `no laboratory here: ${obstacle}`);
}

/** A `describe` whose tests read `path` in the folder of reference material. */
export function describeWithShared(
  name: string,
  path: string,
  body: (absolutePath: string) => void,
): void {
  const absolutePath = `${SHARED_FOLDER}/${path}`;
  if (existsSync(absolutePath)) {
    describe(name, () => {
      body(absolutePath);
    });
  } else {
    skipAll(name, `there is no ${absolutePath} (SKEP_SHARED_DIR names its folder)`);
  }
}

function skipAll(name: string, reason: string): void {
  describe(name, () => {
    // Skipped from the start, so that not even the hooks of its file run.
    test("all of it", { skip: true, meta: { skipReason: reason } }, () => undefined);
  });
}
