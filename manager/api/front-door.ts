/**
 * Where connections come in. Decides by the path alone who answers, before anything of a body is
 * read: an upload of gigabytes to the engine is none of fastify's business. Holds the bounds that
 * keep a stalling or endless client from costing more than its own connection.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { assert } from "../../shared/errors/assert.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Attaching } from "./attaching.js";
import { API_VERSION, checkVersion, splitVersion } from "./core/api-version.js";
import { ownerOf } from "./core/route-owner.js";
import { answerTo } from "./error-reply.js";
import { OWN_VERSION } from "./host-facts.js";
import { type ListenAddress, listenOn } from "./listen.js";
import type { PassThrough } from "./pass-through.js";

export interface FrontDoorOptions {
  /** Answers our own paths; they come without their version. */
  readonly own: RequestListener;
  readonly passThrough: PassThrough;
  /** Takes what is passed through and may concern networks of the cluster. */
  readonly attaching?: Attaching;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Headers are sent in one go; who takes longer has stalled. */
  readonly headersTimeoutMs?: number;
}

/** Registry credentials of many registries travel in one header. */
const HEADER_LIMIT_BYTES = 256 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/**
 * How often the server looks for headers that are late, at most: it is one
 * pass over its connections.
 */
const CHECK_EVERY_MS = 1_000;
/**
 * Longer than clients keep idle connections (Go: 90 s), so that they close first and never
 * write into a closing one.
 */
const KEEP_ALIVE_MS = 120_000;
/** Attached streams are connections, too; far more than one host's users and watchers need. */
const CONNECTIONS_MAX = 8_192;
/**
 * How long the rest of a body that nobody wants is thrown away, for its sender to
 * come to reading the answer.
 */
const DISCARD_MS = 5_000;

export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #server: Server;
  /** Upgraded connections, which the server no longer knows of. */
  readonly #upgraded = new Set<Duplex>();

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
    this.#server = createServer({
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout,
      // A body passed through may take hours. Ours have a bound of their own (`raw-body.ts`).
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersTimeout),
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    // A client that closes its side after its last word still waits for the answer. (Node's
    // types do not know this one.)
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on("request", (request, response) => this.#answer(request, response));
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on("clientError", refuseMalformed);
  }

  /** @throws UnavailableError where another process answers at this address. */
  async listen(address: ListenAddress): Promise<void> {
    await listenOn(this.#server, address);
  }

  /** Ends what is attached, too: an event stream would hold the daemon for ever. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { attaching, own, passThrough, logger } = this.#options;
    setOwnHeaders(response);
    try {
      const { version, path } = splitVersion(request.url ?? "/");
      if (version !== undefined) checkVersion(version);
      if (attaching?.concerns(request.method, path) === true) {
        this.#boundDiscarding(request, response);
        attaching.answer(request, response, { version, path });
        return;
      }
      if (ownerOf(path) === "engine") {
        passThrough.forward(request, response, { version, path });
        return;
      }
      request.url = path;
      this.#boundDiscarding(request, response);
      own(request, response);
    } catch (error) {
      this.#boundDiscarding(request, response);
      const { status, message } = answerTo(error, logger);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(`${JSON.stringify({ message })}\n`);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    assert(socket instanceof Socket, "an HTTP server's connections are sockets");
    this.#upgraded.add(socket);
    socket.on("close", () => this.#upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    const { version, path } = splitVersion(request.url ?? "/");
    if (ownerOf(path) === "engine" && isSpoken(version)) {
      this.#options.passThrough.upgrade(request, { socket, head }, { version, path });
      return;
    }
    // Nothing of ours is upgraded: it is answered as if nobody had asked for that,
    // and the connection ends.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on("finish", () => socket.end());
    this.#answer(request, response);
  }

  #boundDiscarding(request: IncomingMessage, response: ServerResponse): void {
    response.on("finish", () => {
      if (request.complete) return;
      const timer = this.#options.clock.after(DISCARD_MS, () => request.socket.destroy());
      request.once("close", () => timer.cancel());
      request.resume();
    });
  }
}

function isSpoken(version: string | undefined): boolean {
  try {
    if (version !== undefined) checkVersion(version);
    return true;
  } catch {
    return false;
  }
}

function setOwnHeaders(response: ServerResponse): void {
  const { version, os } = OWN_VERSION;
  response.setHeader("Api-Version", API_VERSION);
  response.setHeader("Docker-Experimental", "false");
  response.setHeader("Ostype", os);
  response.setHeader("Server", `Skep/${version} (${os})`);
}

const TIMED_OUT = "ERR_HTTP_REQUEST_TIMEOUT";
const HEADERS_TOO_LARGE = "HPE_HEADER_OVERFLOW";

/**
 * What is no HTTP, or does not come. There is no request yet to answer, so the
 * answer is written by hand.
 */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const status =
    error.code === TIMED_OUT
      ? "408 Request Timeout"
      : error.code === HEADERS_TOO_LARGE
        ? "431 Request Header Fields Too Large"
        : "400 Bad Request";
  const body = `${JSON.stringify({ message: status.slice(status.indexOf(" ") + 1) })}\n`;
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.end();
}
