/**
 * What members of a Raft cluster say to each other, and the entries that they agree on (Ongaro and
 * Ousterhout 2014). Every message carries the sender's term; what the log holds is opaque here but
 * for changes of the membership, which consensus itself obeys.
 */
import type { MemberId } from "./member-id.js";
import type { Membership, MembershipChange } from "./membership.js";

/** A place in the log. Two logs that have the same id in them are the same up to it. */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

/** Data that is empty: the entry with which a leader begins its term. */
export type Entry = EntryId &
  (
    | { readonly kind: "data"; readonly data: Uint8Array }
    | { readonly kind: "membership"; readonly change: MembershipChange }
  );

/** What a snapshot says of the log that it stands for. */
export interface SnapshotId extends EntryId {
  /** As of that entry. */
  readonly membership: Membership;
}

/** What must survive a restart besides the entries (figure 2 of the paper). */
export interface HardState {
  readonly term: number;
  /** For whom this member voted in `term`. */
  readonly vote: MemberId | undefined;
  readonly commit: number;
}

/** `pre-vote` asks whether an election could be won, and changes nobody's term (thesis, 9.6). */
export type ElectionPhase = "pre-vote" | "vote";

export interface VoteRequest {
  readonly kind: "vote-request";
  readonly phase: ElectionPhase;
  readonly last: EntryId;
  /** With `transfer` the leader itself has asked for the election: it is not to be ignored. */
  readonly cause: "timeout" | "transfer";
  /** See `VoteReply`. */
  readonly committed: EntryId;
}

export interface VoteReply {
  readonly kind: "vote-reply";
  readonly phase: ElectionPhase;
  readonly granted: boolean;
  /**
   * The last entry that the sender knows to be committed. Who has it too and does not know learns
   * it here: where it is a change of the membership, the votes of those who have left need not be
   * waited for, who perhaps will never grant them.
   */
  readonly committed: EntryId;
}

export interface Append {
  readonly kind: "append";
  readonly previous: EntryId;
  readonly entries: readonly Entry[];
  readonly commit: number;
}

export interface AppendAccepted {
  readonly kind: "append-accepted";
  /** Everything up to here is the same as at the leader, and durable. */
  readonly index: number;
}

export interface AppendRejected {
  readonly kind: "append-rejected";
  /** Of the `previous` that did not match. */
  readonly index: number;
  /** The last place at which the logs may be the same; term 0 where it is not known. */
  readonly hint: EntryId;
}

export interface Heartbeat {
  readonly kind: "heartbeat";
  readonly commit: number;
  /** The newest of the reads that wait for a quorum to hear of this leader; 0: none. */
  readonly read: number;
}

export type MessageBody =
  | VoteRequest
  | VoteReply
  | Append
  | AppendAccepted
  | AppendRejected
  /** To a leader of an older term: that it is deposed. */
  | { readonly kind: "outdated" }
  | Heartbeat
  | { readonly kind: "heartbeat-reply"; readonly read: number }
  /** Arrives once all of the snapshot's data has. */
  | { readonly kind: "snapshot"; readonly snapshot: SnapshotId }
  | { readonly kind: "timeout-now" }
  | { readonly kind: "read-request"; readonly request: string }
  | { readonly kind: "read-reply"; readonly request: string; readonly index: number };

export type Message = MessageBody & {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's; of votes the one that is voted on. Read requests bear none: 0. */
  readonly term: number;
};

/** What is only listened to when it comes from a member. */
const REPLIES: ReadonlySet<Message["kind"]> = new Set([
  "vote-reply",
  "append-accepted",
  "append-rejected",
  "outdated",
  "heartbeat-reply",
  "read-reply",
]);

export function isReply(message: Message): boolean {
  return REPLIES.has(message.kind);
}

/** Only a leader says these. */
export function isFromLeader(message: Message): boolean {
  return message.kind === "append" || message.kind === "heartbeat" || message.kind === "snapshot";
}

/** Bytes of an entry's payload. A change of the membership counts as none: it is never refused. */
export function payloadBytes(entry: Entry): number {
  return entry.kind === "data" ? entry.data.length : 0;
}

/** On the wire and on disk, about: so that a million empty entries are not for free. */
const ENTRY_OVERHEAD_BYTES = 24;

export function entryBytes(entry: Entry): number {
  return payloadBytes(entry) + ENTRY_OVERHEAD_BYTES;
}

export function totalBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}
