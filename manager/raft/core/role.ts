/**
 * A role is what a member makes of a tick and of a message of its own term. It never changes the
 * term or the role itself: it says what the member has to become.
 */
import type { MemberId } from "./member-id.js";
import type { Message } from "./message.js";

/** Why an election is called. */
export type ElectionCall = "due" | "pre-vote-won" | "transfer";

/** Undefined: stays what it is. */
export type Transition =
  | { readonly become: "follower"; readonly leader: MemberId | undefined }
  | { readonly become: "candidate"; readonly call: ElectionCall }
  | { readonly become: "leader" }
  | undefined;

export interface Role {
  readonly kind: "follower" | "pre-candidate" | "candidate" | "leader";
  tick(): Transition;
  /** @param message of this term; messages between the storage and this member come elsewhere. */
  step(message: Message): Transition;
}
