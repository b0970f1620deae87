/**
 * HTTP to the daemon over its unix socket or TCP. Speaks JSON, one version of Docker's API, and
 * turns what goes wrong into errors that say what to do.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { hostname, userInfo } from "node:os";
import type { Readable } from "node:stream";

import type { Endpoint } from "./endpoint.js";
import { DaemonRefusedError, DaemonUnreachableError } from "./errors.js";

/**
 * The version of Docker's API whose shapes this command line knows;
 * `DOCKER_API_VERSION` overrides it.
 */
export const API_VERSION = "1.50";

/** Histories show who changed what: only the user's own machine knows who sits before it. */
const USER_AGENT = `${userName()}@${hostname()} (skep)`.replace(/[^\x20-\x7e]/g, "?");

/** An account that has no name has a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}

/** Answers of a daemon stay far below this; more would be something else that answers. */
const ANSWER_BYTES_MAX = 512 * 2 ** 20;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends this request alone. */
  readonly signal?: AbortSignal;
}

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly apiVersion: string;
  /** Ends every request. */
  readonly signal: AbortSignal;
}

export type Method = "GET" | "POST" | "DELETE";

export class Client {
  readonly #endpoint: Endpoint;
  readonly #apiVersion: string;
  readonly #signal: AbortSignal;
  // One connection is kept between the requests of a progress display.
  readonly #agent = new Agent({ keepAlive: true });

  constructor({ endpoint, apiVersion, signal }: ClientOptions) {
    this.#endpoint = endpoint;
    this.#apiVersion = apiVersion;
    this.#signal = signal;
  }

  get address(): string {
    return this.#endpoint.address;
  }

  get apiVersion(): string {
    return this.#apiVersion;
  }

  /**
   * The answer with its `null`s left out, which is how Docker's Go clients read them; an empty body
   * is `undefined`.
   *
   * @throws DaemonUnreachableError, DaemonRefusedError, the signal's reason
   */
  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const text = await this.callRaw(method, path, options);
    // The daemon speaks Docker's API: its answers are trusted to have the
    // shapes of shared/docker-api.
    return parseAnswer(text) as T;
  }

  /** The answer as it came. */
  async callRaw(method: Method, path: string, options: CallOptions = {}): Promise<string> {
    const signal =
      options.signal === undefined ? this.#signal : AbortSignal.any([this.#signal, options.signal]);
    signal.throwIfAborted();
    const response = await this.#send(method, path, { ...options, signal });
    return await this.#answer(response, signal);
  }

  /** The answer's bytes as they come. @throws as `call` */
  async download(path: string): Promise<Readable> {
    const signal = this.#signal;
    const response = await this.#send("GET", path, { signal });
    if (!isSuccess(response.statusCode ?? 0)) await this.#answer(response, signal);
    return response;
  }

  /** Sends `content` as it is read. @throws as `call` */
  async upload<T>(
    path: string,
    { content, type }: { readonly content: Readable; readonly type: string },
    query: Query,
  ): Promise<T> {
    const signal = this.#signal;
    const headers = { "content-type": type };
    const response = await this.#send("POST", path, { signal, headers, query, content });
    return parseAnswer(await this.#answer(response, signal)) as T;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws DaemonRefusedError */
  async #answer(response: IncomingMessage, signal: AbortSignal): Promise<string> {
    const text = await this.#bodyOf(response, signal);
    const status = response.statusCode ?? 0;
    if (isSuccess(status)) return text;
    throw new DaemonRefusedError(status, refusalIn(text, response));
  }

  #send(
    method: Method,
    path: string,
    options: CallOptions & { readonly signal: AbortSignal; readonly content?: Readable },
  ): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const { target } = this.#endpoint;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          ...(target.kind === "unix"
            ? { socketPath: target.socketPath, host: "skepd" }
            : { host: target.host, port: target.port }),
          agent: this.#agent,
          method,
          path: `/v${this.#apiVersion}${path}${queryString(options.query ?? {})}`,
          headers: {
            "user-agent": USER_AGENT,
            ...options.headers,
            ...(body === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
          },
          signal: options.signal,
        },
        resolve,
      );
      outgoing.on("error", (cause) => {
        reject(this.#unreachable(cause, options.signal));
      });
      if (options.content === undefined) outgoing.end(body);
      else options.content.on("error", reject).pipe(outgoing);
    });
  }

  async #bodyOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) throw new Error("the answer does not end");
        chunks.push(chunk);
      }
    } catch (cause) {
      throw this.#unreachable(cause, signal);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #unreachable(cause: unknown, signal: AbortSignal): Error {
    if (signal.aborted) return signal.reason as Error;
    return new DaemonUnreachableError(this.#endpoint.address, { cause });
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** An answer with its `null`s left out; an empty one is `undefined`. */
export function parseAnswer(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text, withoutNulls);
}

function withoutNulls(_key: string, value: unknown): unknown {
  return value === null ? undefined : value;
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

/** Docker answers `{"message": …}`, proxies and older engines plain text. */
function refusalIn(text: string, response: IncomingMessage): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string" && message.trim() !== "") return message.trim();
  } catch {
    // Not JSON: the text itself is what there is to show.
  }
  return text.trim() === "" ? (response.statusMessage ?? "no reason given") : text.trim();
}
