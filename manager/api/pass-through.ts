/**
 * Passes requests on to the host's own engine, byte for byte but for the version in the path: an
 * engine older than us is asked in the newest words that it knows. Bodies stream in both directions
 * at once and without a limit; connections that are taken over (`attach`, `exec`, BuildKit's
 * sessions) become two pipes, each of which may end before the other: `docker run -i` closes its
 * input and goes on reading.
 */
import {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";

import type { Logger } from "../../shared/ports/logger.js";
import { olderVersion, type VersionedPath } from "./core/api-version.js";
import { withoutEngine } from "./core/without-engine.js";
import { type EngineLink, PATIENCE_MS } from "./engine-link.js";
import { answerTo, type ErrorAnswer } from "./error-reply.js";

/**
 * A client's connection that it wants to take over, and what came on it after the request's head.
 */
export interface TakenConnection {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** What an engine said, as a whole. */
export interface EngineAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Headers about one connection, not about the message (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** The host is the engine, and what the client expects (100-continue) it has been told already. */
const OURS_TO_ANSWER: ReadonlySet<string> = new Set(["host", "expect"]);
/** Ours say what this host speaks, which the engine's do not know. */
const OURS_TO_TELL: ReadonlySet<string> = new Set(["api-version", "docker-experimental", "ostype"]);

/**
 * An engine that is told to close may do so before our last (empty) write, which then fails and
 * takes the answer with it. So it is told to leave the connection open, and we close it.
 */
const KEPT_OPEN: OutgoingHttpHeaders = { connection: "keep-alive" };

export class PassThrough {
  readonly #engine: EngineLink;
  readonly #logger: Logger;

  constructor(engine: EngineLink, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  forward(request: IncomingMessage, response: ServerResponse, target: VersionedPath): void {
    if (this.#engine.socketPath === undefined) {
      const { status, body } = withoutEngine(request.method ?? "GET", target.path);
      sendJson(response, status, body);
      return;
    }
    this.#open(request, target).then(
      (toEngine) => this.#exchange(request, response, toEngine),
      (error: unknown) => this.#fail(response, error),
    );
  }

  /**
   * The same request with another body, and the whole answer: for the few that are small and that
   * we have to understand.
   * @throws UnavailableError
   */
  async ask(request: IncomingMessage, target: VersionedPath, body: string): Promise<EngineAnswer> {
    const toEngine = await this.#open(request, target);
    toEngine.removeHeader("transfer-encoding");
    toEngine.setHeader("content-length", Buffer.byteLength(body));
    return await new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => reject(this.#engine.unreachable(cause));
      toEngine.on("error", fail);
      toEngine.on("response", (answer) => {
        buffer(answer).then((bytes) => {
          resolve({
            status: answer.statusCode ?? 502,
            headers: answerHeaders(answer),
            body: bytes,
          });
        }, fail);
      });
      toEngine.end(body);
    });
  }

  reply(response: ServerResponse, { status, headers, body }: EngineAnswer): void {
    response.writeHead(status, { ...headers, "content-length": body.length });
    response.end(body);
  }

  refuse(response: ServerResponse, { status, message }: ErrorAnswer): void {
    sendJson(response, status, { message });
  }

  upgrade(request: IncomingMessage, client: TakenConnection, target: VersionedPath): void {
    const { socket, head } = client;
    const refuse = (answer: (response: ServerResponse) => void): void => {
      answer(takeBack(request, socket));
    };
    if (this.#engine.socketPath === undefined) {
      refuse((response) => this.forward(request, response, target));
      return;
    }
    this.#open(request, target, upgradeHeaders(request)).then(
      (toEngine) => {
        sendExactly(bodyLength(request), { socket, head }, toEngine);
        socket.once("close", () => toEngine.destroy());
        toEngine.on("upgrade", (answer, engineSocket, engineHead) => {
          socket.write(headOf(answer));
          socket.write(engineHead);
          join(socket, engineSocket);
        });
        toEngine.on("response", (answer) => refuse((response) => this.#relay(answer, response)));
        toEngine.on("error", (error) =>
          refuse((response) => this.#fail(response, this.#engine.unreachable(error))),
        );
      },
      (error: unknown) => refuse((response) => this.#fail(response, error)),
    );
  }

  async #open(
    request: IncomingMessage,
    { version, path }: VersionedPath,
    connection: OutgoingHttpHeaders = KEPT_OPEN,
  ): Promise<ClientRequest> {
    const { apiVersion } = await this.#engine.facts(PATIENCE_MS);
    const prefix = version === undefined ? "" : `/v${olderVersion(version, apiVersion)}`;
    return this.#engine.open({
      method: request.method ?? "GET",
      path: prefix + path,
      headers: { ...requestHeaders(request), ...connection, host: "docker" },
    });
  }

  #exchange(request: IncomingMessage, response: ServerResponse, toEngine: ClientRequest): void {
    toEngine.on("response", (answer) => this.#relay(answer, response));
    toEngine.on("error", (error) => this.#fail(response, this.#engine.unreachable(error)));
    response.on("close", () => toEngine.destroy());
    // Whether a client that closed its side still wants its answer depends on what it
    // asked: the engine knows.
    const halfClose = (): unknown => toEngine.socket?.end();
    request.socket.once("end", halfClose);
    response.on("close", () => request.socket.off("end", halfClose));
    request.on("error", () => toEngine.destroy());
    request.pipe(toEngine);
  }

  #relay(answer: IncomingMessage, response: ServerResponse): void {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answerHeaders(answer));
    // Streams that have nothing to say yet (events, logs -f) must be seen to be open.
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.on("aborted", () => response.destroy());
    answer.pipe(response);
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      // An engine that refused early closes on us while we still send: its
      // answer is whole nevertheless.
      if (!response.writableEnded) response.destroy();
      return;
    }
    const { status, message } = answerTo(error, this.#logger);
    sendJson(response, status, { message });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function requestHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const headers = messageHeaders(request, OURS_TO_ANSWER);
  if (request.headers["transfer-encoding"] !== undefined) headers["transfer-encoding"] = "chunked";
  return headers;
}

function answerHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  return messageHeaders(answer, OURS_TO_TELL);
}

/** As they came, repeated ones included. */
function messageHeaders(
  message: IncomingMessage,
  without: ReadonlySet<string>,
): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  const named = (message.headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = (message.rawHeaders[i] ?? "").toLowerCase();
    if (HOP_BY_HOP.has(name) || without.has(name) || named.includes(name)) continue;
    (headers[name] ??= []).push(message.rawHeaders[i + 1] ?? "");
  }
  return headers;
}

function upgradeHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  return { connection: "Upgrade", upgrade: request.headers.upgrade ?? "tcp" };
}

/** The answer of an engine that lets the connection be taken over, as it would have written it. */
function headOf(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 101} ${answer.statusMessage ?? ""}`];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    lines.push(`${answer.rawHeaders[i] ?? ""}: ${answer.rawHeaders[i + 1] ?? ""}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function bodyLength(request: IncomingMessage): number {
  return Number(request.headers["content-length"] ?? 0);
}

/**
 * The parser stops at the head of a request that asks for an upgrade: its body is
 * still on the connection.
 */
function sendExactly(
  bytes: number,
  { socket, head }: TakenConnection,
  toEngine: ClientRequest,
): void {
  if (head.length > 0) socket.unshift(head);
  let left = bytes;
  const take = (): void => {
    while (left > 0) {
      const chunk = socket.read(
        Math.min(left, Math.max(1, socket.readableLength)),
      ) as Buffer | null;
      if (chunk === null) return;
      left -= chunk.length;
      toEngine.write(chunk);
    }
    socket.off("readable", take);
    toEngine.end();
  };
  socket.on("readable", take);
  take();
}

/** A connection that was not taken over after all is answered on, once, and then ends. */
function takeBack(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => socket.end());
  return response;
}

/** Two pipes: the end of one direction leaves the other open; an error of either ends both. */
function join(client: Duplex, engine: Duplex): void {
  connectOneWay(client, engine);
  connectOneWay(engine, client);
}

function connectOneWay(from: Duplex, to: Duplex): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => {
    // Closed without an end: there is nobody left to write to, either.
    if (!from.readableEnded) to.destroy();
  });
}
