/** Before the end-to-end tests: one engine for all of them, or the reason why there is none. */
import type { TestProject } from "vitest/node";

import { ensureEngine } from "./engine.mjs";

/** What a test gets from `inject("engine")`. */
export type ProvidedEngine =
  | { readonly kind: "ready"; readonly socket: string }
  | { readonly kind: "unavailable"; readonly reason: string };

declare module "vitest" {
  export interface ProvidedContext {
    engine: ProvidedEngine;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await ensureEngine({
    log: (line) => {
      console.log(`engine: ${line}`);
    },
  });
  if (engine.kind === "unavailable") {
    project.provide("engine", engine);
    return () => Promise.resolve();
  }
  project.provide("engine", { kind: "ready", socket: engine.socket });
  return () => engine.stop();
}
