/**
 * Shows rows as they change: redrawn in place in a terminal, as new lines elsewhere, or not at all.
 */
import type { OutputStream } from "../../context.js";
import type { Row } from "./core/rows.js";

export interface ProgressDisplay {
  show(rows: readonly Row[]): void;
}

export const NO_DISPLAY: ProgressDisplay = { show: () => undefined };

const BAR_WIDTH = 50;
/** Narrower terminals show the words alone. */
const COLUMNS_FOR_BARS = 72;

const CLEAR_LINE = "\u001b[2K";
const CLEAR_BELOW = "\u001b[J";

export function displayOn(stream: OutputStream): ProgressDisplay {
  return stream.isTerminal ? new TerminalDisplay(stream) : new LineDisplay(stream);
}

class TerminalDisplay implements ProgressDisplay {
  readonly #stream: OutputStream;
  #shown: readonly string[] = [];

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  show(rows: readonly Row[]): void {
    const { columns } = this.#stream;
    // A line that wraps would take two, and the cursor would go up too little.
    const lines = rows.map((row) => fitted(`${row.id}: ${row.text}`, barOf(row, columns), columns));
    if (lines.join("\n") === this.#shown.join("\n")) return;
    const up = this.#shown.length === 0 ? "" : `\u001b[${this.#shown.length}A`;
    const drawn = lines.map((line) => `\r${CLEAR_LINE}${line}\n`).join("");
    this.#stream.write(`${up}${drawn}${CLEAR_BELOW}`);
    this.#shown = lines;
  }
}

class LineDisplay implements ProgressDisplay {
  readonly #stream: OutputStream;
  readonly #written = new Map<string, string>();

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  show(rows: readonly Row[]): void {
    for (const { id, text, once } of rows) {
      const line = `${id}: ${(once ?? text).trimEnd()}`;
      if (text === "" || this.#written.get(id) === line) continue;
      this.#written.set(id, line);
      this.#stream.write(`${line}\n`);
    }
  }
}

function barOf({ done }: Row, columns: number): string {
  if (done === undefined || columns < COLUMNS_FOR_BARS || done.of === 0) return "";
  const full = Math.min(BAR_WIDTH, Math.floor((done.steps / done.of) * BAR_WIDTH));
  return ` [${"=".repeat(full)}>${" ".repeat(BAR_WIDTH - full)}]`;
}

function fitted(text: string, bar: string, columns: number): string {
  const line = text + bar;
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}
