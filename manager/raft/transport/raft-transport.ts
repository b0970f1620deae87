/**
 * Carries the messages of consensus between managers: gRPC over mutual TLS, a link to each peer
 * (`peer-link.ts`), and what peers send (`message-receiver.ts`). Nothing here waits for a peer, and
 * every queue has a bound: what does not get through is dropped, and said to be.
 */
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import type { RpcServer } from "../../../shared/rpc/rpc-server.js";
import type { CertifiedNode, IdentitySource } from "../../../shared/rpc/tls-identity.js";
import type { MemberId } from "../core/member-id.js";
import type { Message } from "../core/message.js";
import type { PeerListener, Peers } from "../peers.js";
import { receiveMessages } from "./message-receiver.js";
import { type LinkState, PeerLink } from "./peer-link.js";
import { type Hello, MESSAGES } from "./raft-rpc.js";

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
  #closed = false;

  constructor(options: RaftTransportOptions) {
    this.#options = options;
  }

  /** Who is told of what comes; until then callers are asked to try again. */
  deliverTo(listener: PeerListener): void {
    this.#listener = listener;
  }

  serveOn(server: Pick<RpcServer, "stream">): void {
    const { id, clock, mayActFor, isRemoved } = this.#options;
    const admission = { id, clock, mayActFor, isRemoved };
    const receiver = {
      ...admission,
      listener: () => this.#listener,
      onHello: (hello: Hello) => {
        this.#heardFrom(hello);
      },
    };
    server.stream(MESSAGES, (stream, caller) => receiveMessages(stream, caller, receiver));
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

  sendSnapshot(): Promise<void> {
    return Promise.reject(new Error("not yet"));
  }

  close(): void {
    this.#closed = true;
    this.#listener = undefined;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #linkTo(member: MemberId): PeerLink | undefined {
    if (this.#closed) return undefined;
    const known = this.#links.get(member);
    if (known !== undefined) return known;
    const { id, identity, clock, random, logger, ownAddress, onRemoved } = this.#options;
    const link = new PeerLink({
      peer: member,
      hello: () => ({ from: id, to: member, address: ownAddress() ?? "" }),
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
