/** The Docker engine that a benchmark runs on: the same as the tests', which is started when none runs. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Progress } from "./main.js";

export interface BenchEngine {
  readonly socket: string;
  stop(): Promise<void>;
}

/** What `test/setup/engine.mjs` offers. */
interface EngineSetup {
  ensureEngine(options: {
    readonly log: Progress;
  }): Promise<
    | { readonly kind: "ready"; readonly socket: string; stop(): Promise<void> }
    | { readonly kind: "unavailable"; readonly reason: string }
  >;
}

/** @throws Error there is none, and none can be started here. */
export async function benchEngine(progress: Progress): Promise<BenchEngine> {
  // Two levels above `dist/bench/`: what is not compiled runs from where it is kept.
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const path = join(root, "test", "setup", "engine.mjs");
  const setup = (await import(path)) as EngineSetup;
  const engine = await setup.ensureEngine({ log: progress });
  if (engine.kind === "unavailable") throw new Error(`no engine to measure on: ${engine.reason}`);
  return engine;
}
