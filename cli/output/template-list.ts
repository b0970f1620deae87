/** Lists through a Go template: `--format 'table {{.ID}}\t{{.Name}}'`, `'{{.Name}}'`, `json`. */
import type { ListView, Printable } from "./list-format.js";
import { renderTable } from "./table.js";
import { CHANGING_FUNCTIONS } from "./template/functions.js";
import { Template } from "./template/template.js";

const TABLE = "table";

export function renderTemplateList<Row>(
  view: ListView<Row>,
  rows: readonly Row[],
  format: string,
): string {
  const objects = rows.map((row) => objectOf(view, row));
  if (format === "json") return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
  const isTable = format.startsWith(TABLE);
  const template = new Template(withEscapes(isTable ? format.slice(TABLE.length) : format));
  const texts = objects.map((object) => template.render(object));
  if (!isTable) return texts.map((text) => `${text}\n`).join("");
  const lines = [headingOf(view, template), ...texts].flatMap((text) => text.split("\n"));
  return renderTable(lines.map((line) => line.split("\t")));
}

/** Blanks around it are not meant; a shell passes `\t` on as two characters. */
function withEscapes(format: string): string {
  return format
    .replace(/^ +| +$/g, "")
    .replace(/\\([tn])/g, (_whole, escape) => (escape === "t" ? "\t" : "\n"));
}

/** With its keys sorted, as Go writes maps. */
function objectOf<Row>(view: ListView<Row>, row: Row): Record<string, Printable> {
  const entries = Object.entries(view.fields).map(
    ([name, field]) => [name, field.of(row)] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same template over the columns' names. */
function headingOf<Row>(view: ListView<Row>, template: Template): string {
  const headers = Object.entries(view.fields).map(([name, { header }]) => [name, header]);
  const unchanged = CHANGING_FUNCTIONS.map((name) => [name, ([text]: readonly unknown[]) => text]);
  return template.render(Object.fromEntries(headers), {
    functions: Object.fromEntries(unchanged) as Record<
      string,
      (args: readonly unknown[]) => unknown
    >,
  });
}
