/** What `inspect` prints: the daemon's own JSON, or what a template takes of it. */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { OutputStream } from "../context.js";
import { DaemonUnreachableError, PartialFailureError, UsageError } from "../errors.js";
import { type FlagSet, type FlagValues, text } from "../flags/flag.js";
import { toggle } from "../flags/numbers.js";

const INDENT_SPACES = 4;

export const INSPECT_FLAGS = {
  format: text("Format output using a custom template: 'json', or a Go template", { short: "f" }),
  pretty: toggle("Print the information in a human friendly format"),
} satisfies FlagSet;

/** Those that are there are printed even where others are not. */
export async function printInspected(
  stdout: OutputStream,
  references: readonly string[],
  flags: FlagValues<typeof INSPECT_FLAGS>,
  fetch: (reference: string) => Promise<string>,
): Promise<void> {
  const failures: string[] = [];
  const found: unknown[] = [];
  for (const reference of references) {
    try {
      found.push(JSON.parse(await fetch(reference)));
    } catch (error) {
      if (!(error instanceof ClusterError) || error instanceof DaemonUnreachableError) throw error;
      failures.push(error.message);
    }
  }
  if (flags.format !== undefined) throw new UsageError("templates come next");
  stdout.write(`${JSON.stringify(found, undefined, INDENT_SPACES)}\n`);
  if (failures.length > 0) throw new PartialFailureError(failures);
}
