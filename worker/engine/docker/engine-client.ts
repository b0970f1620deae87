/**
 * Requests to a Docker engine: one place where its silence, its refusals and our own deadlines
 * become our errors. Goes through dockerode's transport, whose answers to half-closed connections
 * are awaited for ever unless a deadline ends them: here every request has one.
 */
import type { Readable } from "node:stream";

import Docker from "dockerode";

import { ClusterError } from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import { EngineUnavailableError } from "../engine-errors.js";

/** Far more than an engine under load needs; a request that takes longer is taken for lost. */
const REQUEST_LIMIT_MS = 120_000;
/** Newest API that this was written against: a newer engine is spoken to in these words. */
const NEWEST_API = { major: 1, minor: 50 } as const;

export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Without the version. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Beyond the usual limit, where the engine is asked to wait. */
  readonly limitMs?: number;
}

/** The engine answered, and the answer was no. */
export class EngineAnswerError extends ClusterError {
  readonly code = "engine-failed";
  readonly httpStatus: number;

  constructor(message: string, httpStatus: number, options: { cause?: unknown }) {
    super(message, options);
    this.httpStatus = httpStatus;
  }
}

/** No answer within the time that the request allows. */
export class EngineSilentError extends EngineUnavailableError {}

export interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

export class EngineClient {
  readonly socketPath: string;
  readonly #docker: Docker;
  readonly #clock: Clock;

  constructor(socketPath: string, clock: Clock) {
    this.socketPath = socketPath;
    this.#clock = clock;
    // Without these, DOCKER_HOST would win over the socket, and it may well name our own.
    const nowhere = { host: undefined, port: undefined, protocol: "http" } as const;
    this.#docker = new Docker({ socketPath, ...(nowhere as unknown as Docker.DockerOptions) });
  }

  /**
   * The version that both sides know; asked for anew, because an engine may come back as another.
   */
  async negotiate(signal: AbortSignal): Promise<ApiVersion> {
    const answer = await this.request<{ ApiVersion?: string }>(
      { method: "GET", path: "/version" },
      signal,
    );
    const [major = 1, minor = 0] = (answer.ApiVersion ?? "1.41").split(".").map(Number);
    const api = minor < NEWEST_API.minor ? { major, minor } : NEWEST_API;
    (this.#docker.modem as { version?: string }).version = `v${api.major}.${api.minor}`;
    return api;
  }

  /**
   * @throws EngineUnavailableError, EngineAnswerError
   * @throws the signal's reason when it is aborted.
   */
  async request<Answer>(request: EngineRequest, signal: AbortSignal): Promise<Answer> {
    const limit = this.#limited(signal, request.limitMs ?? REQUEST_LIMIT_MS);
    try {
      return (await this.#dial(request, limit.signal, "whole")) as Answer;
    } catch (cause) {
      signal.throwIfAborted();
      throw cause;
    } finally {
      limit.release();
    }
  }

  /**
   * A long answer of one JSON value per line. Resolves when the engine has accepted the request;
   * only that has a deadline. What it resolves to must be read, and throws as `request` does.
   */
  async lines(request: EngineRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const limit = this.#limited(signal, request.limitMs ?? REQUEST_LIMIT_MS);
    try {
      const stream = (await this.#dial(request, limit.signal, "stream")) as Readable;
      limit.relax();
      return this.#read(stream, limit, signal);
    } catch (cause) {
      limit.release();
      signal.throwIfAborted();
      throw cause;
    }
  }

  async *#read(stream: Readable, limit: Limit, signal: AbortSignal): AsyncIterable<unknown> {
    try {
      yield* jsonLines(stream);
    } catch (cause) {
      signal.throwIfAborted();
      const { message } = cause as Error;
      throw new EngineUnavailableError(
        `the Docker engine at unix://${this.socketPath} broke off its answer: ${message}`,
        { cause },
      );
    } finally {
      limit.release();
      stream.destroy();
    }
  }

  #dial(request: EngineRequest, signal: AbortSignal, answer: "whole" | "stream"): Promise<unknown> {
    const dialled = new Promise<unknown>((resolve, reject) => {
      const abandon = (): void => {
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        abandon();
        return;
      }
      signal.addEventListener("abort", abandon, { once: true });
      const options = {
        path: request.query === undefined ? request.path : `${request.path}?`,
        method: request.method,
        // An empty body is left out by the transport; a missing one would be replaced by the query.
        options: { _query: request.query ?? {}, _body: request.body ?? {} },
        abortSignal: signal,
        isStream: answer === "stream",
        statusCodes: { 200: true, 201: true, 204: true, 304: true },
      };
      this.#docker.modem.dial(options, (error: unknown, data) => {
        signal.removeEventListener("abort", abandon);
        if (error instanceof Error) reject(error);
        else resolve(data);
      });
    });
    return dialled.catch((cause: unknown) => {
      throw this.#translate(cause);
    });
  }

  #translate(cause: unknown): unknown {
    if (cause instanceof ClusterError) return cause;
    const { statusCode, message } = cause as { statusCode?: number; message: string };
    if (statusCode === undefined) {
      return new EngineUnavailableError(
        `cannot connect to the Docker engine at unix://${this.socketPath}: ${message}`,
        { cause },
      );
    }
    const text = answerText(cause as AnsweredError);
    if (statusCode === 503 || LEAVING.test(text))
      return new EngineUnavailableError(text, { cause });
    return new EngineAnswerError(text, statusCode, { cause });
  }

  #limited(signal: AbortSignal, limitMs: number): Limit {
    const controller = new AbortController();
    const follow = (): void => {
      controller.abort(signal.reason);
    };
    const timer = this.#clock.after(limitMs, () => {
      const message = `the Docker engine at unix://${this.socketPath} did not answer within ${limitMs} ms`;
      controller.abort(new EngineSilentError(message));
    });
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow, { once: true });
    return {
      signal: controller.signal,
      relax: () => {
        timer.cancel();
      },
      release: () => {
        timer.cancel();
        signal.removeEventListener("abort", follow);
      },
    };
  }
}

/**
 * An engine that is being stopped fails what it is doing with these words;
 * the task is not to blame.
 */
const LEAVING = /daemon is shutting down|ttrpc: closed|transport is closing|context canceled/;

interface Limit {
  readonly signal: AbortSignal;
  /** No deadline any more, only the caller's signal. */
  readonly relax: () => void;
  readonly release: () => void;
}

async function* jsonLines(stream: Readable): AsyncIterable<unknown> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}

interface AnsweredError {
  readonly message: string;
  readonly json?: { readonly message?: string } | null;
}

/** The engine's own words, without what the transport wraps around them. */
function answerText({ message, json }: AnsweredError): string {
  const bare = /^\(HTTP code \d+\) .*? - ([\s\S]*?) ?$/.exec(message)?.[1] ?? message;
  return (json?.message ?? bare).trim();
}
