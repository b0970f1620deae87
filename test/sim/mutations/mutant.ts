/** A deliberate bug: a piece of the source that is replaced, and where the suite notices. */
import ts from "typescript";

import { assert } from "../../../shared/errors/assert.js";

export interface Mutant {
  /** What is wrong then, in a few words. */
  readonly name: string;
  /** Below the project's root. */
  readonly file: string;
  /** There exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Who has to notice: the seeds of a simulation that `npm test` runs, or a file of tests. */
  readonly caughtBy: "simulation" | "cluster simulation" | `${string}.test.ts`;
}

/** How a bug was noticed. */
export interface Catch {
  /** The seed, or the name of the test. */
  readonly by: string;
  /** What was violated. */
  readonly as: string;
}

/** The source with the bug in it. Whether it compiles, the compiler's types included, nobody asks. */
export function plant(mutant: Mutant, source: string): string {
  const { name, file, find, replace } = mutant;
  const pieces = source.split(find);
  assert(pieces.length === 2, `"${name}": ${find} is ${pieces.length - 1} times in ${file}`);
  const altered = pieces.join(replace);
  const { diagnostics } = ts.transpileModule(altered, { reportDiagnostics: true });
  const [wrong] = diagnostics ?? [];
  const message = wrong && ts.flattenDiagnosticMessageText(wrong.messageText, "\n");
  assert(message === undefined, `"${name}": ${message ?? ""}`);
  return altered;
}
