/**
 * How a member reaches the others: the port that its transport implements. Messages may be lost,
 * doubled or late; they must not be altered.
 */
import type { MemberId } from "./core/member-id.js";
import type { Message } from "./core/message.js";

export interface Peers {
  /** Never waits: what does not get through is lost, and `unreachable` says so. */
  send(messages: readonly Message[]): void;
  /**
   * Sends a snapshot with its data; `message` is delivered at the other end once all of it is
   * there.
   * @throws where it did not get there.
   */
  sendSnapshot(
    message: Message & { readonly kind: "snapshot" },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void>;
}

/** What a transport delivers to. */
export interface PeerListener {
  received(message: Message): void;
  /** Resolves once the data is durable and the message was delivered. */
  receivedSnapshot(
    message: Message & { readonly kind: "snapshot" },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void>;
  unreachable(id: MemberId): void;
}
