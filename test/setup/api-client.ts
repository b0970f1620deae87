/**
 * Speaks to the public API in tests: whole requests, or raw bytes where the request
 * itself is what is tested.
 */
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The answer's JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface ApiCall {
  readonly method?: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function callApi(socketPath: string, call: ApiCall): Promise<ApiAnswer> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method: call.method ?? (body === undefined ? "GET" : "POST"),
        path: call.path,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...call.headers,
        },
      },
      (answer) => {
        text(answer).then((content) => {
          const { statusCode: status = 0, headers } = answer;
          resolve({ status, headers, text: content, json: parsed(content) });
        }, reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/**
 * A connection on which a test writes what it likes; `answered` is all that
 * came back until its end.
 */
export interface RawConnection {
  write(bytes: string | Buffer): Promise<void>;
  /** Closes our direction only. */
  end(): void;
  /** Resolves when `pattern` has come; rejects at the end of the connection without it. */
  until(pattern: RegExp): Promise<string>;
  readonly closed: Promise<string>;
  destroy(): void;
}

export function openRaw(socketPath: string): RawConnection {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  let received = "";
  let ended = false;
  const waiting = new Set<() => void>();
  const notify = (): void => {
    waiting.forEach((check) => {
      check();
    });
  };
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    notify();
  });
  // A server that cuts us off is what some tests are about.
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => {
    const finish = (): void => {
      ended = true;
      notify();
      resolve(received);
    };
    socket.on("end", finish);
    socket.on("close", finish);
  });
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        socket.write(bytes, () => resolve());
      }),
    end: () => socket.end(),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(received)) resolve(received);
          else if (ended) reject(new Error(`ended without ${String(pattern)}: ${received}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    closed,
    destroy: () => socket.destroy(),
  };
}

/** A list's path with its filters. */
export function filtered(path: string, filters: unknown): string {
  return `${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`;
}
