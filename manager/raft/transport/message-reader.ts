/** What protobufjs reads of the messages of consensus, as they are here (`message-writer.ts`). */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { fromUint64, isSet, type WireUint64 } from "../../../shared/rpc/wire/fields.js";
import { changeFromText, membershipFromText } from "../core/membership-text.js";
import type { Append, Entry, EntryId, MessageBody } from "../core/message.js";
import type { Said } from "./message-writer.js";

interface WireEntryId {
  term: WireUint64;
  index: WireUint64;
}

interface WireVoteRequest {
  preVote: boolean;
  last: WireEntryId | null;
  transfer: boolean;
  committed: WireEntryId | null;
}

interface WireAppend {
  previous: WireEntryId | null;
  commit: WireUint64;
  terms: readonly { term: WireUint64; count: number }[];
  data: readonly Uint8Array[];
  changes: readonly number[];
}

export interface WireMessage {
  term: WireUint64;
  voteRequest: WireVoteRequest | null;
  voteReply: { preVote: boolean; granted: boolean; committed: WireEntryId | null } | null;
  append: WireAppend | null;
  appendAccepted: { index: WireUint64 } | null;
  appendRejected: { index: WireUint64; hint: WireEntryId | null } | null;
  outdated: object | null;
  heartbeat: { commit: WireUint64; read: WireUint64 } | null;
  heartbeatReply: { read: WireUint64 } | null;
  snapshot: { last: WireEntryId | null; membership: string } | null;
  timeoutNow: object | null;
  readRequest: { request: string } | null;
  readReply: { request: string; index: WireUint64 } | null;
}

/** @throws InvalidArgumentError */
export function readMessage(wire: WireMessage): Said {
  return { ...readBody(wire), term: fromUint64(wire.term) };
}

function readBody(wire: WireMessage): MessageBody {
  if (isSet(wire.append)) return readAppend(wire.append);
  if (isSet(wire.appendAccepted)) {
    return { kind: "append-accepted", index: fromUint64(wire.appendAccepted.index) };
  }
  if (isSet(wire.heartbeat)) {
    const { commit, read } = wire.heartbeat;
    return { kind: "heartbeat", commit: fromUint64(commit), read: fromUint64(read) };
  }
  if (isSet(wire.heartbeatReply)) {
    return { kind: "heartbeat-reply", read: fromUint64(wire.heartbeatReply.read) };
  }
  return readRead(wire) ?? readElection(wire) ?? readRare(wire);
}

function readRead({ readRequest, readReply }: WireMessage): MessageBody | undefined {
  if (isSet(readRequest)) return { kind: "read-request", request: readRequest.request };
  if (!isSet(readReply)) return undefined;
  return { kind: "read-reply", request: readReply.request, index: fromUint64(readReply.index) };
}

function readElection({ voteRequest, voteReply }: WireMessage): MessageBody | undefined {
  if (isSet(voteRequest)) {
    const { preVote, transfer } = voteRequest;
    const phase = preVote ? "pre-vote" : "vote";
    const cause = transfer ? "transfer" : "timeout";
    const [last, committed] = [readEntryId(voteRequest.last), readEntryId(voteRequest.committed)];
    return { kind: "vote-request", phase, last, cause, committed };
  }
  if (!isSet(voteReply)) return undefined;
  const { preVote, granted } = voteReply;
  const committed = readEntryId(voteReply.committed);
  return { kind: "vote-reply", phase: preVote ? "pre-vote" : "vote", granted, committed };
}

function readRare(wire: WireMessage): MessageBody {
  if (isSet(wire.appendRejected)) {
    const { index, hint } = wire.appendRejected;
    return { kind: "append-rejected", index: fromUint64(index), hint: readEntryId(hint) };
  }
  if (isSet(wire.outdated)) return { kind: "outdated" };
  if (isSet(wire.timeoutNow)) return { kind: "timeout-now" };
  if (isSet(wire.snapshot)) {
    const { last, membership } = wire.snapshot;
    const snapshot = { ...readEntryId(last), membership: membershipFromText(membership) };
    return { kind: "snapshot", snapshot };
  }
  throw new InvalidArgumentError("a manager's message of an unknown kind");
}

function readAppend(wire: WireAppend): Append {
  const previous = readEntryId(wire.previous);
  const entries: Entry[] = [];
  let index = previous.index;
  for (const run of wire.terms) {
    const term = fromUint64(run.term);
    for (let left = run.count; left > 0; left--) {
      const data = wire.data[entries.length];
      if (data === undefined) throw new InvalidArgumentError("an append with too few entries");
      index++;
      entries.push({ kind: "data", term, index, data });
    }
  }
  for (const place of wire.changes) {
    const entry = entries[place];
    if (entry?.kind !== "data") throw new InvalidArgumentError("an append with too few entries");
    const change = changeFromText(new TextDecoder().decode(entry.data));
    entries[place] = { kind: "membership", term: entry.term, index: entry.index, change };
  }
  return { kind: "append", previous, commit: fromUint64(wire.commit), entries };
}

function readEntryId(wire: WireEntryId | null): EntryId {
  if (!isSet(wire)) return { term: 0, index: 0 };
  return { term: fromUint64(wire.term), index: fromUint64(wire.index) };
}
