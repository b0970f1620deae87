/**
 * What `inspect` prints: the daemon's own JSON, what a template takes of it, or a page for reading.
 */
import type { TSchema } from "@sinclair/typebox";

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

export interface Inspection {
  readonly references: readonly string[];
  /** The daemon's answer as it came. */
  readonly fetch: (reference: string) => Promise<string>;
  /** What a template may name; loaded for templates only. */
  readonly loadSchema: () => Promise<TSchema>;
  /** Absent where there is no page for reading. */
  readonly renderPage?: (answer: string) => Promise<string>;
}

/** Those that are there are printed even where others are not. */
export async function printInspected(
  stdout: OutputStream,
  flags: FlagValues<typeof INSPECT_FLAGS>,
  inspection: Inspection,
): Promise<void> {
  const render = await rendererFor(flags, inspection);
  const { answers, failures } = await fetchAll(inspection);
  stdout.write(await render(answers));
  if (failures.length > 0) throw new PartialFailureError(failures);
}

type Renderer = (answers: readonly string[]) => string | Promise<string>;

/** Made before anything is asked for, so that a template that cannot be read costs no request. */
async function rendererFor(
  { format, pretty }: FlagValues<typeof INSPECT_FLAGS>,
  inspection: Inspection,
): Promise<Renderer> {
  const { renderPage } = inspection;
  if (pretty === true && format !== undefined) {
    throw new UsageError("--format is incompatible with human friendly format");
  }
  if ((pretty === true || format === "pretty") && renderPage !== undefined) {
    return async (answers) => (await Promise.all(answers.map((one) => renderPage(one)))).join("");
  }
  if (format === undefined || format === "") return (answers) => asJson(answers, INDENT_SPACES);
  if (format === "json") return (answers) => asJson(answers, 0);
  const [{ Template }, { modelOf }, schema] = await Promise.all([
    import("./template/template.js"),
    import("./template/schema-model.js"),
    inspection.loadSchema(),
  ]);
  const template = new Template(format);
  return (answers) => {
    const lines = answers.map((answer) => {
      const value: unknown = JSON.parse(answer);
      return `${template.render(value, { model: modelOf(schema, value) })}\n`;
    });
    return lines.length === 0 ? "\n" : lines.join("");
  };
}

function asJson(answers: readonly string[], indentSpaces: number): string {
  const values = answers.map((answer) => JSON.parse(answer) as unknown);
  return `${JSON.stringify(values, undefined, indentSpaces)}\n`;
}

async function fetchAll({ references, fetch }: Inspection): Promise<{
  readonly answers: readonly string[];
  readonly failures: readonly string[];
}> {
  const answers: string[] = [];
  const failures: string[] = [];
  for (const reference of references) {
    try {
      answers.push(await fetch(reference));
    } catch (error) {
      if (!(error instanceof ClusterError) || error instanceof DaemonUnreachableError) throw error;
      failures.push(error.message);
    }
  }
  return { answers, failures };
}
