/**
 * Carries the messages of consensus between managers: gRPC over mutual TLS, a link to each peer
 * (`peer-link.ts`), and what peers send (`message-receiver.ts`). Nothing here waits for a peer, and
 * every queue has a bound: what does not get through is dropped, and said to be.
 */
import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import type { RpcServer } from "../../../shared/rpc/rpc-server.js";
import type { CertifiedNode, IdentitySource } from "../../../shared/rpc/tls-identity.js";
import type { MemberId } from "../core/member-id.js";
import type { Message } from "../core/message.js";
import type { PeerListener, Peers } from "../peers.js";
import { receiveMessages } from "./message-receiver.js";
import { OutgoingSnapshot } from "./outgoing-snapshot.js";
import { type LinkState, PeerLink } from "./peer-link.js";
import { type Hello, MESSAGES } from "./raft-rpc.js";
import { SnapshotReceiver } from "./snapshot-receiver.js";
import { SNAPSHOT, type SnapshotMessage } from "./snapshot-rpc.js";

export interface RaftTransportOptions {
  readonly id: MemberId;
  readonly identity: IdentitySource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `host:port` of a member as the cluster knows it; asked anew at every dial. */
  readonly addressOf: (member: MemberId) => string | undefined;
  /** `host:port` at which this member is reached; undefined while it does not know. */
  readonly ownAddress: () => string | undefined;
  /** Whether the holder of this certificate is that member. */
  readonly mayActFor: (node: CertifiedNode, member: MemberId) => boolean;
  /** Whether it was a member once, and never will be again. */
  readonly isRemoved: (member: MemberId) => boolean;
  /** A member says that this one was removed. May be called again. */
  readonly onRemoved: (by: MemberId) => void;
}

export class RaftTransport implements Peers {
  readonly #options: RaftTransportOptions;
  readonly #links = new Map<MemberId, PeerLink>();
  /** Where members that called say that they are: newer than the log, after a move. */
  readonly #saidAddresses = new Map<MemberId, string>();
  #listener: PeerListener | undefined;
  readonly #closing = new AbortController();
  readonly #sending = new Map<MemberId, AbortController>();
  /** With a number, unlike the name of any transfer, also of this member's before a restart. */
  readonly #incarnation: string;
  #transfers = 0;

  constructor(options: RaftTransportOptions) {
    this.#options = options;
    this.#incarnation = `${options.id}.${options.random.below(2 ** 32)}`;
  }

  /** Who is told of what comes; until then callers are asked to try again. */
  deliverTo(listener: PeerListener): void {
    this.#listener = listener;
  }

  serveOn(server: Pick<RpcServer, "stream">): void {
    const { id, clock, mayActFor, isRemoved } = this.#options;
    const receiving = {
      ...{ id, clock, mayActFor, isRemoved },
      listener: () => this.#listener,
      onHello: (hello: Hello) => {
        this.#heardFrom(hello);
      },
    };
    server.stream(MESSAGES, (stream, caller) => receiveMessages(stream, caller, receiving));
    const snapshots = new SnapshotReceiver(receiving);
    server.stream(SNAPSHOT, (stream, caller) => snapshots.receive(stream, caller));
    this.#closing.signal.addEventListener("abort", () => {
      snapshots.close();
    });
  }

  /** Dials these members now, so that nobody waits for that when there is something to say. */
  connect(members: readonly MemberId[]): void {
    for (const member of members) if (member !== this.#options.id) this.#linkTo(member);
  }

  stateOf(member: MemberId): LinkState | undefined {
    return this.#links.get(member)?.state;
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) this.#linkTo(message.to)?.send(message);
  }

  /** One at a time to a member: a new one takes the place of the one before. */
  async sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { identity, clock, random } = this.#options;
    const { to } = message;
    this.#closing.signal.throwIfAborted();
    this.#sending.get(to)?.abort(new UnavailableError("a newer snapshot takes its place"));
    const sending = new AbortController();
    this.#sending.set(to, sending);
    const outgoing = new OutgoingSnapshot({
      message,
      chunks,
      transfer: `${this.#incarnation}.${this.#transfers++}`,
      hello: () => this.#helloTo(to),
      addresses: () => this.#addressesOf(to),
      identity,
      clock,
      random,
    });
    try {
      await outgoing.send(AbortSignal.any([this.#closing.signal, sending.signal]));
    } finally {
      if (this.#sending.get(to) === sending) this.#sending.delete(to);
    }
  }

  close(): void {
    this.#listener = undefined;
    this.#closing.abort(new UnavailableError("the transport was closed"));
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #linkTo(member: MemberId): PeerLink | undefined {
    if (this.#closing.signal.aborted) return undefined;
    const known = this.#links.get(member);
    if (known !== undefined) return known;
    const { identity, clock, random, logger, onRemoved } = this.#options;
    const link = new PeerLink({
      peer: member,
      hello: () => this.#helloTo(member),
      identity,
      clock,
      random: random.fork(`link to ${member}`),
      logger,
      addresses: () => this.#addressesOf(member),
      onUnreachable: (peer) => this.#listener?.unreachable(peer),
      onRemoved,
      onUnused: () => this.#links.delete(member),
    });
    this.#links.set(member, link);
    return link;
  }

  #helloTo(member: MemberId): Hello {
    const { id, ownAddress } = this.#options;
    return { from: id, to: member, address: ownAddress() ?? "" };
  }

  #addressesOf(member: MemberId): readonly string[] {
    const { addressOf, isRemoved } = this.#options;
    if (isRemoved(member)) return [];
    const known = [this.#saidAddresses.get(member), addressOf(member)];
    return [...new Set(known.filter((address) => address !== undefined))];
  }

  #heardFrom({ from, address }: Hello): void {
    if (address !== "") this.#saidAddresses.set(from, address);
    this.#linkTo(from);
  }
}
