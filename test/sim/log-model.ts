/**
 * What a log should hold, kept in the simplest way: the naive twin that the
 * durable log is held against.
 */
import { changeToText } from "../../manager/raft/core/membership-text.js";
import type { Entry, HardState } from "../../manager/raft/core/message.js";
import type { AppendRequest, LogFile } from "../../manager/raft/log-file.js";

export interface LogContents {
  readonly hardState: HardState;
  readonly lastIndex: number;
  /** `term:data` by index. */
  readonly entries: ReadonlyMap<number, string>;
}

export const EMPTY_LOG: LogContents = {
  hardState: { term: 0, vote: undefined, commit: 0 },
  lastIndex: 0,
  entries: new Map(),
};

export function appended(log: LogContents, request: AppendRequest): LogContents {
  const { restart, entries: added = [], hardState = log.hardState } = request;
  const entries = new Map(restart === undefined ? log.entries : []);
  let lastIndex = restart?.index ?? log.lastIndex;
  for (const entry of added) {
    for (let stale = entry.index; stale <= lastIndex; stale++) entries.delete(stale);
    entries.set(entry.index, describeEntry(entry));
    lastIndex = entry.index;
  }
  return { hardState, lastIndex, entries };
}

export async function contentsOf(log: LogFile): Promise<LogContents> {
  const entries = new Map<number, string>();
  for (let next = log.firstIndex; next <= log.lastIndex;) {
    const read = await log.read(next, log.lastIndex + 1, 1_000);
    for (const entry of read) entries.set(entry.index, describeEntry(entry));
    next += read.length;
  }
  return { hardState: log.hardState, lastIndex: log.lastIndex, entries };
}

/**
 * What `model` would show from `firstIndex` on: where compaction stopped is
 * not the model's business.
 */
export function from(model: LogContents, firstIndex: number): LogContents {
  const entries = new Map([...model.entries].filter(([index]) => index >= firstIndex));
  return { ...model, entries };
}

function describeEntry(entry: Entry): string {
  const text =
    entry.kind === "data" ? new TextDecoder().decode(entry.data) : changeToText(entry.change);
  return `${entry.term}:${text}`;
}
