/**
 * A TCP connection with one conversation on it, as its two processes see it: ordered, and while the
 * link is cut what is sent waits and is tried again at growing intervals, as the kernel does. Each
 * side learns of the other's end only when that gets through.
 */
import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import { BACKLOG_SMALL, type RpcStream } from "../../../shared/rpc/rpc-stream.js";
import type { Link } from "./network.js";
import type { ProcessClock } from "./process-clock.js";

/** Linux' shortest and longest time before it sends again. */
const RESEND_FIRST_MS = 200;
const RESEND_LIMIT_MS = 120_000;
/** Messages that the kernel takes while nothing gets through; what is more waits in the process. */
const KERNEL_BUFFER = 20;

export type Item<M> =
  { readonly kind: "message"; readonly message: M } | { readonly kind: "end"; error?: Error };

/** What one process sends the other. */
class Direction<M> {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #arrive: (item: Item<M>) => void;
  readonly #queue: Item<M>[] = [];
  #lastArrivalMs = 0;
  #resendMs = RESEND_FIRST_MS;
  #waits = false;

  constructor(link: Link, clock: Clock, arrive: (item: Item<M>) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#arrive = arrive;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  send(item: Item<M>): void {
    this.#queue.push(item);
    if (!this.#waits) this.#transmit();
  }

  #transmit(): void {
    if (this.#link.state === "cut") {
      this.#waits = true;
      this.#clock.after(this.#resendMs, () => {
        this.#waits = false;
        this.#transmit();
      });
      this.#resendMs = Math.min(RESEND_LIMIT_MS, this.#resendMs * 2);
      return;
    }
    this.#resendMs = RESEND_FIRST_MS;
    const nowMs = this.#clock.nowMs();
    for (const item of this.#queue.splice(0)) {
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + this.#link.delayMs());
      this.#clock.after(this.#lastArrivalMs - nowMs, () => this.#arrive(item));
    }
  }
}

/** What a process has received and not read yet. */
class Inbox<M> implements AsyncIterable<M> {
  readonly #items: Item<M>[] = [];
  #wake: () => void = () => undefined;

  push(item: Item<M>): void {
    this.#items.push(item);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<M> {
    for (;;) {
      const item = this.#items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (item.kind === "message") yield item.message;
      else if (item.error !== undefined) throw item.error;
      else return;
    }
  }
}

/** One process' end of a connection. */
export class End<In, Out> implements RpcStream<In, Out> {
  readonly process: ProcessClock;
  readonly #inbox = new Inbox<In>();
  readonly #ended = new AbortController();
  readonly #drained: (() => void)[] = [];
  /** Called when something reaches this host, whether or not the process is awake to read it. */
  onArrival: (item: Item<In>) => void = () => undefined;
  /** Called when its process takes it in. */
  onRead: (item: Item<In>) => void = () => undefined;
  /** Said before the connection was made. */
  readonly #early: Out[] = [];
  #out: Direction<Out> | undefined;

  constructor(process: ProcessClock) {
    this.process = process;
  }

  get messages(): AsyncIterable<In> {
    return this.#inbox;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get backlog(): number {
    return Math.max(0, (this.#out?.waiting ?? 0) - KERNEL_BUFFER);
  }

  /** @param link on which this end sends */
  connect(to: End<Out, In>, link: Link, clock: Clock): void {
    this.#out = new Direction(link, clock, (item) => to.#arrive(item));
    for (const message of this.#early.splice(0)) this.send(message);
  }

  /** The other host says that nobody listens there. */
  refuse(error: Error): void {
    this.#arrive({ kind: "end", error });
  }

  send(message: Out): void {
    if (this.#ended.signal.aborted) return;
    if (this.#out === undefined) this.#early.push(message);
    else this.#out.send({ kind: "message", message });
  }

  drained(): Promise<void> {
    if (this.backlog <= BACKLOG_SMALL || this.#ended.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** This side ends the conversation, or the kernel does for a process that died. */
  end(error?: Error): void {
    if (this.#ended.signal.aborted) return;
    this.#out?.send({ kind: "end", ...(error && { error }) });
    this.#finish();
    this.#inbox.push({ kind: "end" });
  }

  /** The connection is lost for both. */
  lose(): void {
    this.refuse(new UnavailableError("connection reset"));
  }

  #arrive(item: Item<In>): void {
    if (!this.#ended.signal.aborted) this.onArrival(item);
    this.process.enter(() => {
      if (this.#ended.signal.aborted) return;
      this.onRead(item);
      this.#inbox.push(item);
      if (item.kind === "end") this.#finish();
      for (const resolve of this.#drained.splice(0)) resolve();
    });
  }

  #finish(): void {
    if (!this.#ended.signal.aborted) this.#ended.abort(new Error("the stream has ended"));
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
