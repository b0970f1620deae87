/** What a member wants done: see `node.ts` for the order in which that must happen. */
import type { MemberId } from "./member-id.js";
import type { ReadyRead } from "./member-state.js";
import type { Entry, EntryId, HardState, Message, SnapshotId } from "./message.js";
import type { Role } from "./role.js";

export interface RoleNews {
  readonly role: Role["kind"];
  readonly leader: MemberId | undefined;
}

export interface Ready {
  /** Undefined: as before. */
  readonly role: RoleNews | undefined;
  readonly reads: readonly ReadyRead[];
  readonly messages: readonly Message[];
  readonly write: Write | undefined;
  readonly apply: readonly Entry[];
}

export interface Write {
  /** From the first on they replace what is in the log. */
  readonly entries: readonly Entry[];
  /** Undefined: as before. */
  readonly hardState: HardState | undefined;
  /** Takes the place of the log and of the state; never together with entries before it. */
  readonly snapshot: SnapshotId | undefined;
  /** A commit index alone need not be durable: it is found out again. */
  readonly mustSync: boolean;
  /** To be delivered once this write is durable, and all before it. */
  readonly then: readonly Message[];
  /** To be handed to `written`, after `then`. */
  readonly receipt: WriteReceipt | undefined;
}

export interface WriteReceipt {
  /** In which it was written. */
  readonly term: number;
  /** The end of the log at that time. */
  readonly last: EntryId | undefined;
  readonly snapshot: SnapshotId | undefined;
}

export function sameHardState(a: HardState, b: HardState): boolean {
  return a.term === b.term && a.vote === b.vote && a.commit === b.commit;
}
