/** One answer of the daemon: as a page for reading, as JSON, or as a template says. */
import type { TSchema } from "@sinclair/typebox";

import type { OutputStream } from "../context.js";
import { type FlagSet, text } from "../flags/flag.js";

export const ANSWER_FORMAT = {
  format: text("Format output using a custom template: 'json', or a Go template"),
} satisfies FlagSet;

export interface Answer {
  /** As it came. */
  readonly answer: string;
  /** What a template may name; loaded for templates only. */
  readonly loadSchema: () => Promise<TSchema>;
  readonly renderPage: () => Promise<string>;
}

export async function printAnswer(
  stdout: OutputStream,
  format: string | undefined,
  { answer, loadSchema, renderPage }: Answer,
): Promise<void> {
  if (format === undefined || format === "" || format === "pretty") {
    stdout.write(await renderPage());
  } else if (format === "json") {
    stdout.write(`${JSON.stringify(JSON.parse(answer))}\n`);
  } else {
    const [{ Template }, { modelOf }, schema] = await Promise.all([
      import("./template/template.js"),
      import("./template/schema-model.js"),
      loadSchema(),
    ]);
    const value: unknown = JSON.parse(answer);
    const model = modelOf(schema, value);
    stdout.write(`${new Template(format).render(value, { model })}\n`);
  }
}
