/**
 * Aligned columns with Docker's measures. Cells that another cell follows are padded;
 * the last of a line is not.
 */
const CELL_WIDTH_MIN = 10;
const GAP = 3;

export interface TableMeasures {
  readonly cellWidthMin: number;
  readonly gap: number;
}

export function renderTable(
  rows: readonly (readonly string[])[],
  { cellWidthMin, gap }: TableMeasures = { cellWidthMin: CELL_WIDTH_MIN, gap: GAP },
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      const width = Math.max(cellWidthMin, displayWidth(cell) + gap);
      widths[column] = Math.max(widths[column] ?? 0, width);
    }
  }
  return rows
    .map((row) => `${row.map((cell, column) => padded(cell, row, column, widths)).join("")}\n`)
    .join("");
}

function padded(
  cell: string,
  row: readonly string[],
  column: number,
  widths: readonly number[],
): string {
  if (column === row.length - 1) return cell;
  return cell + " ".repeat((widths[column] ?? 0) - displayWidth(cell));
}

/** Characters, not UTF-16 units; a terminal shows nearly all of them one cell wide. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}
