/** Looks for a seed of the simulation that notices a deliberate bug. */
import { fork } from "node:child_process";

import type { RunReport } from "../raft/run-seed.js";
import type { SeedBatch } from "../seed-workers.js";
import type { Catch } from "./mutant.js";
import type { SimulationCopy } from "./simulation-copy.js";

/** A run takes a tenth of a second; one that takes this long does not end. */
const RUN_LIMIT_MS = 60_000;
/** The bug itself is at fault, not what it does: a name that is not there, say. */
const NO_BUG = /ReferenceError|SyntaxError|ERR_MODULE_NOT_FOUND/;

/** @returns undefined where none of the seeds notices. */
export function catchBySeeds(
  { program }: SimulationCopy,
  seeds: Iterable<number>,
): Promise<Catch | undefined> {
  const left = seeds[Symbol.iterator]();
  const child = fork(program, [], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let seed = 0;
  let said = "";
  let limit: NodeJS.Timeout | undefined;
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    const end = (as: string | undefined): void => {
      clearTimeout(limit);
      child.kill("SIGKILL");
      if (as !== undefined && NO_BUG.test(as)) reject(new Error(as));
      else resolve(as === undefined ? undefined : { by: `seed ${seed}`, as });
    };
    const next = (): void => {
      const { done, value } = left.next();
      clearTimeout(limit);
      if (done === true) {
        end(undefined);
        return;
      }
      seed = value;
      limit = setTimeout(() => end(`a run does not end within ${RUN_LIMIT_MS} ms`), RUN_LIMIT_MS);
      const batch: SeedBatch = { from: seed, to: seed + 1 };
      child.send(batch);
    };
    child.on("message", (reports) => {
      const [report] = reports as RunReport[];
      if (report?.violation === undefined) next();
      else end(`${report.violation.property}: ${report.violation.detail}`);
    });
    child.on("error", reject);
    child.on("exit", () => end(`the process ends: ${said}`));
    next();
  });
}
