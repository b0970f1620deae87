/**
 * Reads the bodies of our own routes, with a bound on size and time. A body that is too large is
 * answered at once and never held; what its sender still sends is thrown away (`front-door.ts`
 * bounds for how long), so that it gets to read the answer.
 */
import type { IncomingMessage } from "node:http";

import { ClusterError, TooLargeError } from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";

export interface RawBody {
  readonly contentType: string | undefined;
  readonly text: string;
}

/**
 * Far above any spec (configs and secrets are limited to 1 MB and 500 kB), and small
 * enough to parse at once.
 */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** Clients send their JSON in one go; who takes longer has stalled. */
const BODY_TIMEOUT_MS = 10_000;

/** The client did not send what it had announced. */
export class RequestTimeoutError extends ClusterError {
  readonly code = "unavailable";
}

/**
 * @throws TooLargeError, RequestTimeoutError, or the stream's own error where the client went away.
 */
export async function readRawBody(stream: IncomingMessage, clock: Clock): Promise<RawBody> {
  const announced = Number(stream.headers["content-length"] ?? 0);
  if (announced > BODY_LIMIT_BYTES) throw tooLarge(announced);
  const bytes = await collect(stream, clock);
  return { contentType: stream.headers["content-type"], text: bytes.toString("utf8") };
}

function collect(stream: IncomingMessage, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (finish: () => void): void => {
      timer.cancel();
      stream.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
      // A late error of a stream that nobody reads any more is nobody's.
      stream.on("error", () => undefined);
      finish();
    };
    const timer = clock.after(BODY_TIMEOUT_MS, () => {
      settle(() => {
        reject(new RequestTimeoutError(`no whole request within ${BODY_TIMEOUT_MS} ms`));
      });
    });
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= BODY_LIMIT_BYTES) return;
      settle(() => {
        stream.resume();
        reject(tooLarge(bytes));
      });
    };
    const onEnd = (): void => {
      settle(() => resolve(Buffer.concat(chunks)));
    };
    const onError = (cause: Error): void => {
      settle(() => reject(cause));
    };
    const onClose = (): void => {
      settle(() => reject(new RequestTimeoutError("the client went away within its request")));
    };
    stream.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  });
}

function tooLarge(bytes: number): TooLargeError {
  return new TooLargeError("request body", { bytes, limitBytes: BODY_LIMIT_BYTES });
}
