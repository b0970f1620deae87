/**
 * A conversation as its users see it, the same on both sides: messages to read in order, messages
 * to send, and a signal for its end. The reader's pace holds the sender back; `backlog` tells a
 * sender that it is too fast.
 */
export interface RpcStream<In, Out> {
  /**
   * To be read once. Ends when the other side has ended; on the client it throws
   * what the server answered.
   */
  readonly messages: AsyncIterable<In>;
  /** Does nothing once the stream has ended. */
  send(message: Out): void;
  /** Messages that were sent and are still here, because the other side or the network is slow. */
  readonly backlog: number;
  /** Resolves once the backlog is at most `BACKLOG_SMALL`, or the stream has ended. */
  drained(): Promise<void>;
  /** Aborted once nothing will be read or sent any more. */
  readonly ended: AbortSignal;
}

/**
 * Enough to keep the connection busy, little enough that what is sent next is
 * still news when it arrives.
 */
export const BACKLOG_SMALL = 4;

/**
 * For reading a `Duplex`: by default Node destroys it, its writable side too, once its
 * readable side has ended.
 */
export const KEEP_WRITABLE = { destroyOnReturn: false } as const;

/** What is needed of the streams of gRPC, client's and server's. */
interface GrpcDuplex<Out> {
  readonly writableLength: number;
  readonly writableEnded: boolean;
  write(message: Out, taken: () => void): boolean;
  once(event: string, listener: () => void): unknown;
}

/** A `Duplex` of gRPC's, in object mode, as an `RpcStream`. */
export class DuplexStream<In, Out> implements RpcStream<In, Out> {
  readonly messages: AsyncIterable<In>;
  readonly #duplex: GrpcDuplex<Out>;
  readonly #ended = new AbortController();
  readonly #waiting: (() => void)[] = [];

  /** @param options.endsOn the events after which gRPC neither delivers nor sends. */
  constructor(
    duplex: GrpcDuplex<Out>,
    options: { readonly messages: AsyncIterable<In>; readonly endsOn: readonly string[] },
  ) {
    this.#duplex = duplex;
    this.messages = options.messages;
    for (const event of [...options.endsOn, "close"]) {
      duplex.once(event, () => {
        this.#ended.abort(new Error("the stream has ended"));
        this.#wakeAll();
      });
    }
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get backlog(): number {
    return this.#duplex.writableLength;
  }

  send(message: Out): void {
    if (this.#ended.signal.aborted || this.#duplex.writableEnded) return;
    this.#duplex.write(message, () => {
      if (this.#hasRoom()) this.#wakeAll();
    });
  }

  drained(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #hasRoom(): boolean {
    return this.backlog <= BACKLOG_SMALL || this.#ended.signal.aborted;
  }

  #wakeAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
