/**
 * Messages as a stream of bytes: each preceded by its length, cut into chunks
 * wherever they happen to end.
 */
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { MessageType } from "../../shared/rpc/protos.js";

/**
 * Encoded between two turns of the event loop: some 300 tasks, under a millisecond. Also what one
 * write to a file or to a stream carries.
 */
export const CHUNK_BYTES = 64 * 1024;

/** A length says how much memory to take: what no object can have is damage. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** A snapshot that is not whole, or not what it says of itself. */
export class DamagedSnapshotError extends ClusterError {
  readonly code = "damaged-log";

  constructor(what: string) {
    super(`the snapshot is damaged: ${what}`);
  }
}

/** Chunks of at most `CHUNK_BYTES`; other work gets its turn between them. */
export async function* frameChunks<T>(
  messages: Iterable<T>,
  type: MessageType<T>,
): AsyncGenerator<Uint8Array, void> {
  let frames: Uint8Array[] = [];
  let bytes = 0;
  for (const message of messages) {
    const body = type.encode(message);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(body.length);
    frames.push(length, body);
    bytes += LENGTH_BYTES + body.length;
    if (bytes < CHUNK_BYTES) continue;
    const chunk = Buffer.concat(frames, bytes);
    const whole = bytes - (bytes % CHUNK_BYTES);
    for (let at = 0; at < whole; at += CHUNK_BYTES) {
      yield chunk.subarray(at, at + CHUNK_BYTES);
      await nextTurn();
    }
    frames = [chunk.subarray(whole)];
    bytes -= whole;
  }
  if (bytes > 0) yield Buffer.concat(frames, bytes);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class FrameReader<T> {
  readonly #type: MessageType<T>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(type: MessageType<T>) {
    this.#type = type;
  }

  /** The messages that `chunk` completes. @throws DamagedSnapshotError */
  *read(chunk: Uint8Array): Iterable<T> {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + LENGTH_BYTES <= bytes.length) {
      const length = bytes.readUInt32LE(at);
      if (length > FRAME_BYTES_MAX)
        throw new DamagedSnapshotError(`an object of ${length} bytes cannot be`);
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) break;
      yield this.#decode(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }

  /** @throws DamagedSnapshotError the last message is not whole. */
  expectEnd(): void {
    if (this.#rest.length > 0)
      throw new DamagedSnapshotError(`it ends amid an object (${this.#rest.length} bytes of it)`);
  }

  #decode(bytes: Uint8Array): T {
    try {
      return this.#type.decode(bytes);
    } catch (cause) {
      throw new DamagedSnapshotError(`an object cannot be read (${String(cause)})`);
    }
  }
}
