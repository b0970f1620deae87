/**
 * Reads entries back from the segments: for the replay at a start, and for
 * members that fell behind.
 */
import { assert } from "../../shared/errors/assert.js";
import type { EntryIndex, EntryPosition } from "./core/entry-index.js";
import type { Entry } from "./core/message.js";
import { byteView, readHeader, readPayload } from "./core/record.js";
import { DamagedLogError } from "./log-errors.js";
import type { Segment } from "./segment.js";

export interface EntryRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly maxBytes: number;
}

interface Source {
  readonly entries: EntryIndex;
  readonly segment: (number: number) => Segment | undefined;
}

/**
 * One read of one segment.
 * @returns consecutive entries from `from` on: at least one, as many as one
 *   read of `maxBytes` gives.
 * @throws DamagedLogError
 */
export async function readEntries(source: Source, range: EntryRange): Promise<Entry[]> {
  const run = positionsOfRun(source.entries, range);
  const [first, last] = [run[0], run.at(-1)];
  assert(first !== undefined && last !== undefined, `entry ${range.from} is not in the log`);
  const segment = source.segment(first.segment);
  assert(segment !== undefined, `segment ${first.segment} is gone, entry ${range.from} is not`);
  const bytes = await segment.read(first.offset, last.endOffset - first.offset);
  const records = byteView(bytes);
  return run.map((position) => {
    const at = position.offset - first.offset;
    const place = { segment: position.segment, offset: position.offset };
    const header = readHeader(records, at, place);
    const record = header && readPayload(records, at, header);
    if (record?.kind === "entry" && record.entry.index === position.index) return record.entry;
    const { path: file } = segment;
    const expected = `entry ${position.index} with the right checksum`;
    throw new DamagedLogError({ file, offset: position.offset, expected });
  });
}

/** Entries that lie one after the other in one segment, whatever other records lie between them. */
function positionsOfRun(entries: EntryIndex, { from, to, maxBytes }: EntryRange): EntryPosition[] {
  const first = entries.position(from);
  if (first === undefined) return [];
  const run = [first];
  for (let index = from + 1; index < to; index++) {
    const next = entries.position(index);
    if (next?.segment !== first.segment || next.endOffset - first.offset > maxBytes) break;
    run.push(next);
  }
  return run;
}
