/**
 * Sends one snapshot to one member, on a connection of its own, so that nothing else waits behind
 * it. What the receiver has not acknowledged is kept, and nothing more: when the connection breaks,
 * the next one goes on from there. A receiver that has forgotten what it had acknowledged gets
 * nothing: consensus begins anew.
 */
import {
  ClusterError,
  ProposalDroppedError,
  UnavailableError,
} from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Random } from "../../../shared/ports/random.js";
import { type ClientStream, RpcClient } from "../../../shared/rpc/channel.js";
import type { IdentitySource } from "../../../shared/rpc/tls-identity.js";
import { crc32c } from "../core/crc32c.js";
import type { Hello } from "./raft-rpc.js";
import { redialDelayMs } from "./redial.js";
import {
  type Piece,
  SNAPSHOT,
  type SnapshotMessage,
  type SnapshotPart,
  type SnapshotReply,
} from "./snapshot-rpc.js";

export interface OutgoingSnapshotOptions {
  readonly message: SnapshotMessage;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Unlike that of any other transfer. */
  readonly transfer: string;
  readonly hello: () => Hello;
  readonly addresses: () => readonly string[];
  readonly identity: IdentitySource;
  readonly clock: Clock;
  readonly random: Random;
}

/** A round trip or two of a fast network; what a receiver has to buffer is bounded by it. */
const UNACKNOWLEDGED_BYTES = 4 * 1024 * 1024;
/** Small beside the window, large beside what a message costs. */
const PIECE_BYTES = 256 * 1024;
/** A receiver that is restarting is back by then; consensus tries again anyway. */
export const GIVE_UP_MS = 30_000;

type Stream = ClientStream<SnapshotPart, SnapshotReply>;

export class OutgoingSnapshot {
  readonly #options: OutgoingSnapshotOptions;
  readonly #pieces: AsyncIterator<Piece>;
  /** Sent and not acknowledged; the first of them has the number `#acknowledged`. */
  readonly #window: Piece[] = [];
  #windowBytes = 0;
  #acknowledged = 0;
  #checksum = 0;
  #wake: () => void = () => undefined;
  #dials = 0;

  constructor(options: OutgoingSnapshotOptions) {
    this.#options = options;
    this.#pieces = cut(options.chunks);
  }

  /** Resolves once all of it is durable there. @throws why it is not, also when aborted. */
  async send(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    let progressMs = clock.nowMs();
    try {
      for (;;) {
        const before = this.#acknowledged;
        try {
          await this.#attempt(signal);
          return;
        } catch (error) {
          if (this.#acknowledged > before) progressMs = clock.nowMs();
          const broken = error instanceof ClusterError && error.code === "unavailable";
          const late = clock.nowMs() - progressMs >= GIVE_UP_MS;
          if (signal.aborted || !broken || late) throw error;
        }
        await clock.sleep(redialDelayMs(random), signal);
      }
    } finally {
      await this.#pieces.return?.();
    }
  }

  async #attempt(closing: AbortSignal): Promise<void> {
    const { identity, clock, message, transfer, hello, addresses } = this.#options;
    const known = addresses();
    const address = known[this.#dials++ % known.length];
    if (address === undefined) throw new UnavailableError(`no address of ${message.to} is known`);
    const client = new RpcClient({ address, trust: { kind: "member", identity }, clock });
    const over = new AbortController();
    const signal = AbortSignal.any([closing, over.signal]);
    const stream = client.open(SNAPSHOT, { signal });
    stream.send({ kind: "begin", hello: hello(), transfer, message });
    let pushing: Promise<void> | undefined;
    const heard = (have: number): void => {
      if (pushing === undefined) this.#resumeAt(have);
      else this.#acknowledge(have);
      this.#wake();
      // A failure to read the snapshot ends the call.
      pushing ??= this.#push(stream, signal).catch((error: unknown) => {
        over.abort(error);
      });
    };
    try {
      await hear(stream, heard);
    } catch (error) {
      throw over.signal.aborted ? over.signal.reason : error;
    } finally {
      over.abort(new UnavailableError("the call is over"));
      this.#wake();
      client.close();
      await pushing;
    }
  }

  async #push(stream: Stream, signal: AbortSignal): Promise<void> {
    for (const piece of this.#window) stream.send({ kind: "piece", piece });
    for (;;) {
      while (this.#windowBytes >= UNACKNOWLEDGED_BYTES && !signal.aborted) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (signal.aborted) return;
      const next = await this.#pieces.next();
      if (next.done === true) break;
      // In the window before anything else happens: it cannot be read again.
      const { data } = next.value;
      this.#checksum = crc32c(data, 0, data.length, this.#checksum);
      this.#window.push(next.value);
      this.#windowBytes += data.length;
      stream.send({ kind: "piece", piece: next.value });
    }
    const pieces = this.#acknowledged + this.#window.length;
    stream.send({ kind: "end", pieces, checksum: this.#checksum });
  }

  #resumeAt(have: number): void {
    if (have < this.#acknowledged || have > this.#acknowledged + this.#window.length) {
      const { to } = this.#options.message;
      throw new ProposalDroppedError(`${to} has forgotten the first part of the snapshot`);
    }
    this.#acknowledge(have);
  }

  #acknowledge(have: number): void {
    const done = this.#window.splice(0, have - this.#acknowledged);
    for (const { data } of done) this.#windowBytes -= data.length;
    this.#acknowledged += done.length;
  }
}

/** Until all is there. @throws why it is not. */
async function hear(stream: Stream, heard: (have: number) => void): Promise<void> {
  for await (const reply of stream.messages) {
    if (reply.kind === "done") return;
    heard(reply.pieces);
  }
  throw new UnavailableError("the other side ended the conversation");
}

async function* cut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const chunk of chunks) {
    let at = 0;
    do {
      const data = chunk.subarray(at, at + PIECE_BYTES);
      at += data.length;
      yield { data, endsChunk: at >= chunk.length };
    } while (at < chunk.length);
  }
}
