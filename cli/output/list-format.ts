/**
 * Lists as tables, as ids alone (`--quiet`), or as `--format` says. The default table is made
 * straight from the columns; the template engine is loaded for templates only.
 */
import type { OutputStream } from "../context.js";
import { text } from "../flags/flag.js";
import { renderTable } from "./table.js";

export type Printable = string | number | boolean;

/** What one kind of list can show of a row; the names are what a template may use. */
export interface ListView<Row> {
  readonly fields: Readonly<Record<string, ListField<Row>>>;
  /** The default table: names of fields, or cells of their own. */
  readonly columns: readonly (string | ListField<Row>)[];
}

export interface ListField<Row> {
  readonly header: string;
  of(row: Row): Printable;
}

export const LIST_FORMAT_FLAG = text(
  "Format output using a custom template: 'table' (the default), 'table TEMPLATE', 'json', or 'TEMPLATE', where TEMPLATE is a Go template",
);

export interface ListOptions {
  readonly format: string | undefined;
  readonly ids: "only" | "with-columns";
}

export async function printList<Row>(
  stream: OutputStream,
  view: ListView<Row>,
  rows: readonly Row[],
  options: ListOptions,
): Promise<void> {
  const format = options.format ?? "table";
  if (format === "table" && options.ids === "with-columns") {
    stream.write(defaultTable(view, rows));
  } else if (format === "table") {
    stream.write(rows.map((row) => `${String(view.fields["ID"]?.of(row))}\n`).join(""));
  } else {
    const { renderTemplateList } = await import("./template-list.js");
    stream.write(renderTemplateList(view, rows, format));
  }
}

function defaultTable<Row>(view: ListView<Row>, rows: readonly Row[]): string {
  const columns = view.columns.flatMap((column) => {
    const field = typeof column === "string" ? view.fields[column] : column;
    return field === undefined ? [] : [field];
  });
  return renderTable([
    columns.map(({ header }) => header),
    ...rows.map((row) => columns.map((column) => String(column.of(row)))),
  ]);
}
