/** Lists through a Go template. */
import { UsageError } from "../errors.js";
import type { ListView } from "./list-format.js";

export function renderTemplateList<Row>(
  view: ListView<Row>,
  rows: readonly Row[],
  format: string,
): string {
  if (format !== "json") throw new UsageError("templates come next");
  return rows
    .map((row) => {
      const entries = Object.entries(view.fields).map(([name, field]) => [name, field.of(row)]);
      return `${JSON.stringify(Object.fromEntries(entries))}\n`;
    })
    .join("");
}
