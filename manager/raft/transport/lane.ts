/**
 * Messages of one kind of urgency on their way to one peer: a bounded queue in front of a stream.
 * Few frames are handed to gRPC at a time; where the peer does not take them, the queue fills up,
 * and what is in it is dropped rather than kept: consensus knows how to say it again.
 */
import type { ClientStream } from "../../../shared/rpc/channel.js";
import { BACKLOG_SMALL } from "../../../shared/rpc/rpc-stream.js";
import { type Message, totalBytes } from "../core/message.js";
import type { Frame, FrameReply } from "./raft-rpc.js";

export type LaneStream = Pick<
  ClientStream<Frame, FrameReply>,
  "send" | "backlog" | "drained" | "ended"
>;

export interface LaneLimits {
  readonly messages: number;
  /** One message may go over it. */
  readonly bytes: number;
}

/** A frame takes no more messages beyond this: what comes next should not wait for its end. */
const FRAME_BYTES = 256 * 1024;
/** Of what surrounds a message's entries, about. */
const MESSAGE_BYTES = 64;

interface Queued {
  readonly message: Message;
  readonly bytes: number;
}

export class Lane {
  readonly #limits: LaneLimits;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #stream: LaneStream | undefined;
  #flushDue = false;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get queued(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#queue.length, bytes: this.#queuedBytes };
  }

  attach(stream: LaneStream): void {
    this.#stream = stream;
    this.#flushSoon();
  }

  /** @returns whether anything was waiting, which is lost. */
  detach(): boolean {
    this.#stream = undefined;
    return this.#drop();
  }

  /** @returns `dropped`: this message and all that waited are lost. */
  send(message: Message): "taken" | "dropped" {
    if (this.#stream === undefined) return "dropped";
    const bytes = bytesOf(message);
    const { messages: most, bytes: mostBytes } = this.#limits;
    const full = this.#queue.length >= most || this.#queuedBytes + bytes > mostBytes;
    if (full && this.#queue.length > 0) {
      this.#drop();
      return "dropped";
    }
    this.#queue.push({ message, bytes });
    this.#queuedBytes += bytes;
    this.#flushSoon();
    return "taken";
  }

  /** All that is sent within a turn shares its frames. */
  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    queueMicrotask(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    // Once it has ended its backlog is there for ever; whoever listens to it will detach it.
    while (this.#queue.length > 0 && !stream.ended.aborted) {
      if (stream.backlog > BACKLOG_SMALL) {
        this.#flushDue = true;
        void stream.drained().then(() => {
          this.#flushDue = false;
          this.#flush();
        });
        return;
      }
      stream.send({ kind: "messages", messages: this.#takeFrame() });
    }
  }

  #takeFrame(): Message[] {
    let bytes = 0;
    const tooMuch = this.#queue.findIndex((next) => (bytes += next.bytes) > FRAME_BYTES);
    const count = tooMuch === -1 ? this.#queue.length : Math.max(1, tooMuch);
    const taken = this.#queue.splice(0, count);
    for (const next of taken) this.#queuedBytes -= next.bytes;
    return taken.map(({ message }) => message);
  }

  #drop(): boolean {
    const any = this.#queue.length > 0;
    this.#queue = [];
    this.#queuedBytes = 0;
    return any;
  }
}

function bytesOf(message: Message): number {
  return MESSAGE_BYTES + (message.kind === "append" ? totalBytes(message.entries) : 0);
}
