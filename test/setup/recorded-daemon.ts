/** A daemon for tests of its clients: answers what it was told to, and remembers what it was asked. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface RecordedRequest {
  readonly method: string;
  /** Without the API's version. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As JSON; undefined where there was none. */
  readonly body: unknown;
}

/** An answer's JSON, or what to answer with another status than 200. */
export type Answer = (request: RecordedRequest) => unknown;

export class Refusal {
  readonly status: number;
  readonly message: string;

  constructor(status: number, message: string) {
    this.status = status;
    this.message = message;
  }
}

export class RecordedDaemon {
  readonly socketPath: string;
  readonly requests: RecordedRequest[] = [];
  /** By method and path: `GET /nodes`. */
  readonly answers: Map<string, Answer>;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(answers: Readonly<Record<string, Answer>>) {
    this.#folder = mkdtempSync(join(tmpdir(), "skep-recorded-"));
    this.socketPath = join(this.#folder, "skep.sock");
    this.answers = new Map(Object.entries(answers));
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(answers: Readonly<Record<string, Answer>>): Promise<RecordedDaemon> {
    const daemon = new RecordedDaemon(answers);
    await new Promise<void>((resolve) => {
      daemon.#server.listen(daemon.socketPath, resolve);
    });
    return daemon;
  }

  /** The requests that change something. */
  get changes(): readonly RecordedRequest[] {
    return this.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://skepd");
    const content = await text(incoming);
    const request: RecordedRequest = {
      method: incoming.method ?? "GET",
      path: decodeURIComponent(url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, "")),
      query: Object.fromEntries(url.searchParams),
      headers: incoming.headers,
      body: content === "" ? undefined : (JSON.parse(content) as unknown),
    };
    this.requests.push(request);
    response.setHeader("api-version", "1.50");
    const answer = this.answers.get(`${request.method} ${request.path}`);
    const value =
      answer === undefined
        ? new Refusal(404, `no answer for ${request.method} ${request.path}`)
        : await answer(request);
    if (value instanceof Refusal) {
      response.statusCode = value.status;
      response.end(JSON.stringify({ message: value.message }));
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(value === undefined ? "" : JSON.stringify(value));
  }
}
