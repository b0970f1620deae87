/**
 * One snapshot that another manager sends, while it comes: what was received and not yet taken by
 * whoever writes it down, with a bound. It outlives the call that brings it, so that another call
 * can go on with it.
 */
import {
  InvalidArgumentError,
  TryAgainError,
  UnavailableError,
} from "../../../shared/errors/cluster-error.js";
import type { Clock, Timer } from "../../../shared/ports/clock.js";
import { crc32c } from "../core/crc32c.js";
import type { PeerListener } from "../peers.js";
import { GIVE_UP_MS } from "./outgoing-snapshot.js";
import type { Piece, SnapshotBegin, SnapshotEnd } from "./snapshot-rpc.js";

/** As much as is on its way besides; the disk is to have work at hand. */
const BUFFER_BYTES = 4 * 1024 * 1024;

export class IncomingSnapshot {
  readonly #begin: SnapshotBegin;
  readonly #clock: Clock;
  /** Settles when the listener is done with it, one way or the other. */
  readonly taken: Promise<void>;
  #settled = false;
  #buffer: Piece[] = [];
  #bufferBytes = 0;
  #have = 0;
  #checksum = 0;
  #failure: Error | undefined;
  #ended = false;
  #call: AbortController | undefined;
  #abandoned: Timer | undefined;
  #wakeReader: () => void = () => undefined;
  /** Calls that wait for room: the present one, and such as are over. */
  readonly #writers: (() => void)[] = [];

  constructor(begin: SnapshotBegin, listener: PeerListener, clock: Clock) {
    this.#begin = begin;
    this.#clock = clock;
    this.taken = listener.receivedSnapshot(begin.message, this.#chunks()).then(
      () => {
        this.#settled = true;
        if (!this.#ended) this.fail(new TryAgainError("nobody wants the rest of the snapshot"));
      },
      (error: unknown) => {
        this.#settled = true;
        this.fail(error instanceof Error ? error : new Error(String(error)));
        throw error;
      },
    );
    // Whoever brings it asks; and nobody may be there.
    this.taken.catch(() => undefined);
  }

  /** Pieces that need not be sent again. */
  get have(): number {
    return this.#have;
  }

  get settled(): boolean {
    return this.#settled;
  }

  isSame({ transfer, hello }: SnapshotBegin): boolean {
    return transfer === this.#begin.transfer && hello.from === this.#begin.hello.from;
  }

  /** Whether `other` is to take its place: of a later leader, or nobody brings this one any more. */
  yieldsTo(other: SnapshotBegin): boolean {
    return other.message.term > this.#begin.message.term || this.#call === undefined;
  }

  /** A call brings it from here on; one that did before is over. @returns aborted with the call. */
  attach(): AbortController {
    this.#call?.abort(new UnavailableError("another call goes on with this snapshot"));
    this.#abandoned?.cancel();
    const call = new AbortController();
    this.#call = call;
    return call;
  }

  detach(call: AbortController): void {
    if (this.#call !== call) return;
    this.#call = undefined;
    if (this.#settled) return;
    this.#abandoned = this.#clock.after(GIVE_UP_MS, () => {
      this.fail(new UnavailableError("the rest of the snapshot does not come"));
    });
  }

  /** Resolves once there is room for more. @throws why nothing more is wanted. */
  async take(piece: Piece): Promise<void> {
    this.#throwIfFailed();
    const { data } = piece;
    this.#checksum = crc32c(data, 0, data.length, this.#checksum);
    this.#buffer.push(piece);
    this.#bufferBytes += data.length;
    this.#have++;
    this.#wakeReader();
    while (this.#bufferBytes >= BUFFER_BYTES) {
      await new Promise<void>((resolve) => this.#writers.push(resolve));
    }
    this.#throwIfFailed();
  }

  /** @throws InvalidArgumentError it is not what was sent. */
  end({ pieces, checksum }: SnapshotEnd): void {
    if (pieces !== this.#have || checksum !== this.#checksum) {
      const error = new InvalidArgumentError("the snapshot was altered on its way");
      this.fail(error);
      throw error;
    }
    this.#ended = true;
    this.#wakeReader();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#abandoned?.cancel();
    this.#call?.abort(error);
    this.#wakeReader();
    this.#wakeWriters();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #wakeWriters(): void {
    for (const wake of this.#writers.splice(0)) wake();
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    let parts: Uint8Array[] = [];
    for (;;) {
      this.#throwIfFailed();
      const piece = this.#buffer.shift();
      if (piece !== undefined) {
        this.#bufferBytes -= piece.data.length;
        this.#wakeWriters();
        parts.push(piece.data);
        if (!piece.endsChunk) continue;
        yield parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
        parts = [];
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }
}
