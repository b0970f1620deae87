/** Lengths of time in transcripts: `150ms`, `5s`, `1m`, `2h`. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function milliseconds(time: string): number {
  const match = /^(?<count>[\d.]+)(?<unit>ms|s|m|h)$/.exec(time);
  if (match?.groups === undefined) throw new Error(`no such time: ${time}`);
  return Number(match.groups["count"]) * (UNITS[match.groups["unit"] ?? ""] ?? 0);
}

export function nanoseconds(time: string): number {
  return milliseconds(time) * 1e6;
}
