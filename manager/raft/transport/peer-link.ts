/**
 * The way to one peer: dials it, dials again when the connection is gone, and keeps messages in two
 * lanes, each a stream of its own on one connection. Heartbeats, votes and answers are small and
 * must not wait behind megabytes of entries, or an election would follow from a large write.
 *
 * A peer that is silent is noticed by pings: TCP would go on for minutes, and after a cut it tries
 * again ever more rarely, where a new connection is there at once.
 */
import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import { type ClientStream, RpcClient } from "../../../shared/rpc/channel.js";
import { RemoteError } from "../../../shared/rpc/rpc-error.js";
import type { IdentitySource } from "../../../shared/rpc/tls-identity.js";
import type { MemberId } from "../core/member-id.js";
import type { Message } from "../core/message.js";
import { IN_FLIGHT } from "../raft-options.js";
import { Lane } from "./lane.js";
import { type Frame, type FrameReply, type Hello, MESSAGES } from "./raft-rpc.js";
import { redialDelayMs } from "./redial.js";

export interface PeerLinkOptions {
  readonly peer: MemberId;
  readonly hello: () => Hello;
  readonly identity: IdentitySource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the peer may be, best first; asked at every dial, and now and then. */
  readonly addresses: () => readonly string[];
  /** What was sent is most likely lost. */
  readonly onUnreachable: (peer: MemberId) => void;
  /** The peer says that this member was removed. */
  readonly onRemoved: (by: MemberId) => void;
  /** The peer has no address, and nothing is sent to it: the link has closed itself. */
  readonly onUnused: () => void;
}

/** Whoever was told that it is a member no more need not ask that often. */
const REDIAL_REMOVED_MS = 5_000;
/** A handshake on a busy host takes some tenths of this. */
const DIAL_TIMEOUT_MS = 1_000;
const PING_PERIOD_MS = 500;
/** Our own periods, not time: a process that stood still has to look at its mail first. */
const PINGS_UNANSWERED = 3;

/** More than the leader has in flight to one member. */
const LOG_LANE = { messages: 2 * IN_FLIGHT.messages, bytes: IN_FLIGHT.bytes + 8 * 1024 * 1024 };
/** Some ten seconds of heartbeats, or a leader's answers to many reads. */
const URGENT_LANE = { messages: 1_024, bytes: 1024 * 1024 };

export type LinkState = "waiting" | "dialling" | "up";

export class PeerLink {
  readonly #options: PeerLinkOptions;
  readonly #urgent = new Lane(URGENT_LANE);
  readonly #log = new Lane(LOG_LANE);
  readonly #closing = new AbortController();
  #state: LinkState = "waiting";
  /** Since the peer last answered. */
  #dials = 0;
  #outage: "none" | "told" = "none";
  #used: "since the last dial" | "not since" = "since the last dial";
  #lossDue = false;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    void this.#run(this.#closing.signal);
  }

  get state(): LinkState {
    return this.#state;
  }

  get queued(): { readonly messages: number; readonly bytes: number } {
    const [urgent, log] = [this.#urgent.queued, this.#log.queued];
    return { messages: urgent.messages + log.messages, bytes: urgent.bytes + log.bytes };
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  send(message: Message): void {
    this.#used = "since the last dial";
    // Appends keep their order among themselves, empty ones too: one that came ahead of those
    // before it would be rejected.
    const lane = message.kind === "append" ? this.#log : this.#urgent;
    if (lane.send(message) === "dropped") this.#lost();
  }

  close(): void {
    this.#closing.abort(new UnavailableError("the transport was closed"));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, addresses, onUnused } = this.#options;
    while (!signal.aborted) {
      let delayMs = redialDelayMs(this.#options.random);
      if (addresses().length === 0 && this.#used === "not since") {
        this.close();
        onUnused();
        return;
      }
      this.#used = "not since";
      try {
        await this.#talk(signal);
      } catch (error) {
        if (this.#closed) return;
        if (this.#ended(error) === "removed") delayMs = REDIAL_REMOVED_MS;
      }
      await clock.sleep(delayMs, signal).catch(() => undefined);
    }
  }

  #ended(error: unknown): "removed" | "still a member" {
    const { peer, logger, onRemoved } = this.#options;
    // Once per outage: the dials that follow say the same.
    if (this.#outage === "none") logger.warn({ error, peer }, "a manager is out of reach");
    this.#outage = "told";
    if (!(error instanceof RemoteError) || error.code !== "member-removed") return "still a member";
    onRemoved(peer);
    return "removed";
  }

  /** One connection, from the dial to its end. @throws why it ended. */
  async #talk(closing: AbortSignal): Promise<void> {
    const { identity, clock } = this.#options;
    const address = this.#nextAddress();
    const client = new RpcClient({ address, trust: { kind: "member", identity }, clock });
    const over = new AbortController();
    const signal = AbortSignal.any([closing, over.signal]);
    this.#state = "dialling";
    try {
      const urgent = client.open(MESSAGES, { signal });
      const log = client.open(MESSAGES, { signal });
      const watch = new PeerWatch(urgent);
      const hello = this.#options.hello();
      for (const [lane, stream] of [
        [this.#urgent, urgent],
        [this.#log, log],
      ] as const) {
        stream.send({ kind: "hello", hello });
        lane.attach(stream);
      }
      const heard = (): void => {
        if (watch.pong() === "first") this.#isUp(address);
      };
      await Promise.race([
        listen(urgent, heard),
        listen(log, () => undefined),
        this.#watch(watch, address, signal),
      ]);
    } finally {
      over.abort(new UnavailableError(`the connection to ${address} is given up`));
      client.close();
      this.#state = "waiting";
      this.#urgent.detach();
      this.#log.detach();
      this.#lost();
    }
  }

  async #watch(watch: PeerWatch, address: string, signal: AbortSignal): Promise<never> {
    const { clock } = this.#options;
    await clock.sleep(DIAL_TIMEOUT_MS, signal);
    for (;;) {
      if (!watch.heard) throw new UnavailableError(`${address} does not answer`);
      if (watch.unanswered >= PINGS_UNANSWERED) throw new UnavailableError(`${address} is silent`);
      if (!this.#options.addresses().includes(address)) {
        throw new UnavailableError(`the address ${address} is out of date`);
      }
      watch.ping();
      await clock.sleep(PING_PERIOD_MS, signal);
    }
  }

  #isUp(address: string): void {
    this.#state = "up";
    this.#dials = 0;
    if (this.#outage === "none") return;
    this.#outage = "none";
    const { logger, peer } = this.#options;
    logger.info({ peer, address }, "a manager is within reach again");
  }

  /** Where several are known, one after the other. @throws UnavailableError */
  #nextAddress(): string {
    const addresses = this.#options.addresses();
    const address = addresses[this.#dials++ % addresses.length];
    if (address === undefined) throw new UnavailableError("its address is not known");
    return address;
  }

  /** In a turn of its own: the caller is in the midst of sending. */
  #lost(): void {
    if (this.#lossDue) return;
    this.#lossDue = true;
    queueMicrotask(() => {
      this.#lossDue = false;
      if (!this.#closed) this.#options.onUnreachable(this.#options.peer);
    });
  }
}

/** Whether the other end of a stream answers. */
class PeerWatch {
  readonly #stream: ClientStream<Frame, FrameReply>;
  #heard = false;
  #unanswered = 0;

  constructor(stream: ClientStream<Frame, FrameReply>) {
    this.#stream = stream;
  }

  get heard(): boolean {
    return this.#heard;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  ping(): void {
    this.#unanswered++;
    this.#stream.send({ kind: "ping", ping: this.#unanswered });
  }

  pong(): "first" | "again" {
    const first = !this.#heard;
    this.#heard = true;
    this.#unanswered = 0;
    return first ? "first" : "again";
  }
}

/** @throws why the stream ended. */
async function listen(
  stream: ClientStream<Frame, FrameReply>,
  onReply: () => void,
): Promise<never> {
  for await (const _reply of stream.messages) onReply();
  throw new UnavailableError("the other side ended the conversation");
}
