/**
 * Opens the log after a restart: reads all segments, cuts off an unfinished write, finishes an
 * interrupted change of segment, and refuses whatever cannot be explained by a crash.
 */
import type { Logger } from "../../shared/ports/logger.js";
import { EntryIndex } from "./core/entry-index.js";
import type { HardState } from "./core/message.js";
import { type ScannedRecord, scanSegment, type SegmentScan } from "./core/scan-segment.js";
import {
  decodeSegmentHeader,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./core/segment-header.js";
import type { Disk, DiskFile } from "./disk.js";
import { DamagedLogError } from "./log-errors.js";
import { Segment, type SegmentSizes, syncFolder, UNFINISHED_SUFFIX } from "./segment.js";

export interface RecoveredLog {
  /** Oldest first; the last one is written to. */
  readonly segments: Segment[];
  readonly entries: EntryIndex;
  readonly hardState: HardState;
}

export interface LogPlace {
  readonly disk: Disk;
  readonly folder: string;
  readonly logger: Logger;
  readonly sizes: SegmentSizes;
}

const NO_HARD_STATE: HardState = { term: 0, vote: undefined, commit: 0 };

interface OpenedSegment {
  readonly header: SegmentHeader;
  readonly path: string;
  readonly file: DiskFile;
}

/** @throws DamagedLogError */
export async function recoverLog(place: LogPlace): Promise<RecoveredLog> {
  const { disk, folder } = place;
  await disk.makeFolder(folder);
  const names = await disk.list(folder);
  const unfinished = names.filter((name) => name.endsWith(UNFINISHED_SUFFIX));
  for (const name of unfinished) await disk.remove(`${folder}/${name}`);
  // A killed process may have left names that are not durable.
  await syncFolder(disk, folder);
  const opened = await openSegments(place, names);
  try {
    return opened.length === 0 ? await beginLog(place) : await readSegments(place, opened);
  } catch (error) {
    for (const { file } of opened) await file.close();
    throw error;
  }
}

async function beginLog({ disk, folder, sizes }: LogPlace): Promise<RecoveredLog> {
  const header = { segment: 1, firstIndex: 1, previousTerm: 0, previousEndBytes: 0 };
  const { growBytes } = sizes;
  const hardState = NO_HARD_STATE;
  const first = await Segment.create(disk, { folder, header, hardState, growBytes });
  return { segments: [first], entries: new EntryIndex(1, 0), hardState };
}

async function openSegments(place: LogPlace, names: readonly string[]): Promise<OpenedSegment[]> {
  const { disk, folder } = place;
  const found = names.flatMap((name) => {
    const parsed = parseSegmentName(name);
    return parsed === undefined ? [] : [{ ...parsed, path: `${folder}/${name}` }];
  });
  found.sort((a, b) => a.segment - b.segment);
  const opened: OpenedSegment[] = [];
  try {
    for (const { segment, firstIndex, path } of found) {
      const wanted = (opened.at(-1)?.header.segment ?? segment - 1) + 1;
      if (segment !== wanted) {
        throw damaged(path, 0, `segment ${wanted} before it, of which there is no file`);
      }
      const file = await disk.open(path, "existing");
      const header = decodeSegmentHeader(await file.read(0, SEGMENT_HEADER_BYTES));
      if (typeof header === "string") {
        await file.close();
        throw damaged(path, 0, header);
      }
      opened.push({ header, path, file });
      if (header.segment !== segment || header.firstIndex !== firstIndex) {
        throw damaged(path, 0, `the header of segment ${segment} from entry ${firstIndex}`);
      }
    }
  } catch (error) {
    for (const { file } of opened) await file.close();
    throw error;
  }
  return opened;
}

async function readSegments(place: LogPlace, opened: OpenedSegment[]): Promise<RecoveredLog> {
  const log = new Replay(opened[0] as OpenedSegment);
  const segments: Segment[] = [];
  let rolled = true;
  for (const [i, segment] of opened.entries()) {
    const next = opened[i + 1];
    const bytes = await segment.file.read(0, await segment.file.size());
    const scan = scanSegment(bytes, segment.header.segment, SEGMENT_HEADER_BYTES);
    checkScan(segment, scan);
    // Nothing is written to a segment before the one ahead of it says that the log goes on there.
    if (!rolled && scan.records.length > 1) throw missingRoll(opened[i - 1] as OpenedSegment);
    rolled = checkEnd(segment, scan, next);
    log.replay(segment, scan.records);
    segments.push(await resume(place, segment, { bytes, scan }, next));
  }
  log.checkCommit(opened.at(-1) as OpenedSegment);
  return { segments, entries: log.entries, hardState: log.hardState };
}

function checkScan({ path }: OpenedSegment, { tail, records }: SegmentScan): void {
  if (tail.kind === "damaged") throw damaged(path, tail.offset, tail.expected);
  // The hard state was synced before the file got its name.
  if (records[0]?.kind !== "hard-state") {
    throw damaged(path, SEGMENT_HEADER_BYTES, "the hard state that every segment begins with");
  }
}

/** @returns whether the segment says that the log goes on in the next; true for the last. */
function checkEnd(segment: OpenedSegment, scan: SegmentScan, next?: OpenedSegment): boolean {
  const roll = scan.records.find(({ kind }) => kind === "rolled");
  if (next === undefined) {
    if (roll === undefined) return true;
    const expected = `segment ${segment.header.segment + 1} after it, of which there is no file`;
    throw damaged(segment.path, roll.offset, expected);
  }
  const { previousEndBytes } = next.header;
  if (roll?.offset === previousEndBytes) return true;
  if (roll === undefined && scan.endOffset === previousEndBytes) return false;
  throw damaged(segment.path, scan.endOffset, `records up to byte ${previousEndBytes}`);
}

async function resume(
  { disk, sizes, logger }: LogPlace,
  { header, path, file }: OpenedSegment,
  { bytes, scan }: { readonly bytes: Uint8Array; readonly scan: SegmentScan },
  next?: OpenedSegment,
): Promise<Segment> {
  const { endOffset, provenOffset, tail, records } = scan;
  const identity = { number: header.segment, path };
  const place = { end: endOffset, grow: sizes.growBytes };
  const segment = await Segment.resume(disk, file, identity, place);
  if (tail.kind === "torn") {
    const fields = { file: path, offset: endOffset, found: tail.found };
    logger.warn(fields, "the log ends in an unfinished write, of which nobody was told: cut off");
    await segment.cutBack();
  }
  if (next !== undefined && records.at(-1)?.kind !== "rolled") {
    await segment.write([{ kind: "rolled" }]);
  }
  // What a killed process wrote can be read, but is not safe from a power cut; and what a failed
  // sync has not written can be read too, but no later sync would try it again.
  await file.write(provenOffset, bytes.subarray(provenOffset, endOffset));
  await segment.sync();
  return segment;
}

/** Puts the records of all segments together, in order. */
class Replay {
  readonly entries: EntryIndex;
  hardState: HardState = NO_HARD_STATE;

  constructor({ header }: OpenedSegment) {
    this.entries = new EntryIndex(header.firstIndex, header.previousTerm);
  }

  replay({ path, header }: OpenedSegment, records: readonly ScannedRecord[]): void {
    const wanted = this.entries.lastIndex + 1;
    if (header.firstIndex !== wanted) {
      throw damaged(path, 0, `a segment that goes on with entry ${wanted}`);
    }
    for (const record of records) {
      if (record.kind === "hard-state") this.hardState = record.hardState;
      else if (record.kind === "restart") this.entries.restartAfter(record.index, record.term);
      else if (record.kind === "entry") {
        const next = this.entries.lastIndex + 1;
        if (record.index > next) throw damaged(path, record.offset, `entry ${next}`);
        const { index, term, offset, endOffset } = record;
        this.entries.put({ index, term, segment: header.segment, offset, endOffset });
      }
    }
  }

  checkCommit({ path }: OpenedSegment): void {
    const { commit } = this.hardState;
    if (commit > this.entries.lastIndex) throw damaged(path, 0, `entries up to ${commit}`);
  }
}

function missingRoll({ path, header }: OpenedSegment): DamagedLogError {
  return damaged(path, 0, `a last record that leads to segment ${header.segment + 1}`);
}

function damaged(file: string, offset: number, expected: string): DamagedLogError {
  return new DamagedLogError({ file, offset, expected });
}
