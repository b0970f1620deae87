/**
 * Writes the messages of consensus as bytes (`proto/raft.proto`). By hand, because entries go
 * through here by the ten thousand a second, to every other member; they are read by protobufjs
 * (`message-reader.ts`).
 */
import { assertNever } from "../../../shared/errors/assert.js";
import type { ProtoWriter } from "../../../shared/rpc/wire/proto-writer.js";
import { changeToText, membershipToText } from "../core/membership-text.js";
import type { Append, Entry, EntryId, MessageBody } from "../core/message.js";

/** What one member says to another, apart from who they are: that is said once per stream. */
export type Said = MessageBody & { readonly term: number };

/** Numbers of the fields of `Message`. */
const TERM = 1;
const BODY = {
  "vote-request": 2,
  "vote-reply": 3,
  append: 4,
  "append-accepted": 5,
  "append-rejected": 6,
  outdated: 7,
  heartbeat: 8,
  "heartbeat-reply": 9,
  snapshot: 10,
  "timeout-now": 11,
  "read-request": 12,
  "read-reply": 13,
} as const satisfies Record<MessageBody["kind"], number>;

export function writeMessage(writer: ProtoWriter, field: number, said: Said): void {
  const message = writer.beginLong(field);
  writer.uint(TERM, said.term);
  const body = writer.beginLong(BODY[said.kind]);
  writeBody(writer, said);
  writer.endLong(body);
  writer.endLong(message);
}

function writeBody(writer: ProtoWriter, body: MessageBody): void {
  switch (body.kind) {
    case "vote-request":
      writer.uint(1, body.phase === "pre-vote" ? 1 : 0);
      writeEntryId(writer, 2, body.last);
      writer.uint(3, body.cause === "transfer" ? 1 : 0);
      writeEntryId(writer, 4, body.committed);
      return;
    case "vote-reply":
      writer.uint(1, body.phase === "pre-vote" ? 1 : 0);
      writer.uint(2, body.granted ? 1 : 0);
      writeEntryId(writer, 3, body.committed);
      return;
    case "append":
      writeAppend(writer, body);
      return;
    case "append-accepted":
      writer.uint(1, body.index);
      return;
    case "append-rejected":
      writer.uint(1, body.index);
      writeEntryId(writer, 2, body.hint);
      return;
    case "heartbeat":
      writer.uint(1, body.commit);
      writer.uint(2, body.read);
      return;
    case "heartbeat-reply":
      writer.uint(1, body.read);
      return;
    case "snapshot":
      writeEntryId(writer, 1, body.snapshot);
      writer.text(2, membershipToText(body.snapshot.membership));
      return;
    case "read-request":
      writer.text(1, body.request);
      return;
    case "read-reply":
      writer.text(1, body.request);
      writer.uint(2, body.index);
      return;
    case "outdated":
    case "timeout-now":
      return;
    default:
      assertNever(body);
  }
}

function writeAppend(writer: ProtoWriter, { previous, commit, entries }: Append): void {
  writeEntryId(writer, 1, previous);
  writer.uint(2, commit);
  writeTerms(writer, entries);
  for (const entry of entries) {
    if (entry.kind === "data") writer.bytes(4, entry.data);
    else writer.presentText(4, changeToText(entry.change));
  }
  for (const [place, entry] of entries.entries()) {
    // Not packed, which reads the same: they are rare.
    if (entry.kind === "membership") writer.presentUint(5, place);
  }
}

/** Runs of equal terms: there is mostly one. */
function writeTerms(writer: ProtoWriter, entries: readonly Entry[]): void {
  for (let from = 0; from < entries.length;) {
    const { term } = entries[from] as Entry;
    let to = from + 1;
    while (entries[to]?.term === term) to++;
    const run = writer.begin(3);
    writer.uint(1, term);
    writer.uint(2, to - from);
    writer.end(run);
    from = to;
  }
}

function writeEntryId(writer: ProtoWriter, field: number, { term, index }: EntryId): void {
  const id = writer.begin(field);
  writer.uint(1, term);
  writer.uint(2, index);
  writer.end(id);
}
