/**
 * Pages for reading, as `inspect --pretty` and `info` print them: lines of a heading and a value,
 * with Docker's blanks between, and lines that are left out where there is nothing to say.
 */
export type PageLine = string | undefined;

/** `heading` ends with its colon and the blanks after it; nothing without a value. */
export function line(heading: string, value: string | number | undefined): PageLine {
  return value === undefined || value === "" ? undefined : `${heading}${value}`;
}

/** The lines under a title, or nothing when there are none. */
export function section(title: string, lines: readonly PageLine[]): PageLine {
  const present = lines.filter((one) => one !== undefined);
  return present.length === 0 ? undefined : [title, ...present].join("\n");
}

export function page(lines: readonly PageLine[]): string {
  return `${lines.filter((one) => one !== undefined).join("\n")}\n`;
}

/** ` - key=value`, in the order of the keys; a value that is empty is left out. */
export function pairLines(
  bullet: string,
  pairs: Readonly<Record<string, string>> | undefined,
  separator = "=",
): string[] {
  return Object.entries(pairs ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${bullet}${key}${value === "" ? "" : separator + value}`);
}
