/** What a progress display shows: rows that keep their place, one for each thing that moves. */

export interface Row {
  /** The row's place and its heading: `overall progress`, `3/6`. */
  readonly id: string;
  readonly text: string;
  /** How far it has come; absent where that cannot be said. */
  readonly done?: { readonly steps: number; readonly of: number };
  /**
   * What to write where rows cannot be redrawn, when that is less than `text`: a countdown is told
   * once, not every second.
   */
  readonly once?: string;
}

/** With more tasks than this, they are counted and not shown one by one. */
export const TASK_ROWS_MAX = 20;

/** Of the reasons why counted tasks do not run, the most frequent. */
const REASONS_MAX = 3;
const REASON_WIDTH = 75;

/** A reason on one line of even a narrow terminal. */
export function reasonText(reason: string): string {
  const line = reason.replaceAll(/\s*\n\s*/g, " ");
  return line.length > REASON_WIDTH ? `${line.slice(0, REASON_WIDTH - 1)}…` : line;
}

/** Why tasks that have no row of their own do not run: `no suitable node (…) (47 tasks)`. */
export function reasonRows(reasons: readonly string[]): Row[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const frequent = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return frequent.slice(0, REASONS_MAX).map(([reason, count], index) => ({
    id: index === 0 ? "waiting" : `waiting (${index + 1})`,
    text: `${reasonText(reason)} (${count} ${count === 1 ? "task" : "tasks"})`,
  }));
}
