/**
 * The line to the host's own engine: its socket, its API version, and its
 * answers to small questions.
 */
import { type ClientRequest, request, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";
import { json, text } from "node:stream/consumers";

import { UnavailableError } from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import { withoutEngine } from "./core/without-engine.js";

export interface EngineFacts {
  /** The newest version of the API that it speaks. */
  readonly apiVersion: string;
  readonly builderVersion: string | undefined;
}

/** How long an engine's version is believed: it changes with an upgrade, that is with a restart. */
const FACTS_LIFE_MS = 10_000;
/** What engines spoke before they said so. */
const ASSUMED_API_VERSION = "1.24";

/** How long an engine may take to answer: one that starts thirty containers is slow, not away. */
export const PATIENCE_MS = 20_000;
/** The docker CLI gives a ping 2 s, of which the engine's part of it may take this. */
export const HASTE_MS = 1_500;

export class EngineLink {
  readonly #socketPath: () => string | undefined;
  readonly #clock: Clock;
  #facts:
    | { readonly socketPath: string; readonly untilMs: number; readonly facts: EngineFacts }
    | undefined;

  /** @param socketPath asked anew each time: a host may gain or lose its engine. */
  constructor(socketPath: () => string | undefined, clock: Clock) {
    this.#socketPath = socketPath;
    this.#clock = clock;
  }

  get socketPath(): string | undefined {
    return this.#socketPath();
  }

  /**
   * A request on a connection of its own, whose two directions end independently:
   * attached streams need that.
   */
  open(options: RequestOptions): ClientRequest {
    const path = this.#requirePath();
    return request({
      ...options,
      createConnection: (): Socket => connect({ path, allowHalfOpen: true }),
    });
  }

  /** @throws UnavailableError the engine did not answer in time. */
  async facts(withinMs: number): Promise<EngineFacts> {
    const socketPath = this.#requirePath();
    const known = this.#facts;
    if (known?.socketPath === socketPath && this.#clock.nowMs() < known.untilMs) return known.facts;
    const { headers } = await this.#ask("/_ping", withinMs, () => Promise.resolve());
    const facts: EngineFacts = {
      apiVersion: headers.get("api-version") ?? ASSUMED_API_VERSION,
      builderVersion: headers.get("builder-version"),
    };
    this.#facts = { socketPath, facts, untilMs: this.#clock.nowMs() + FACTS_LIFE_MS };
    return facts;
  }

  /** The JSON at `path`, or undefined where there is no engine or it does not answer in time. */
  async describe(
    path: "/info" | "/version",
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    if (this.#socketPath() === undefined) return undefined;
    try {
      const { body } = await this.#ask(path, PATIENCE_MS, json);
      return typeof body === "object" && body !== null ? { ...body } : undefined;
    } catch (cause) {
      if (cause instanceof UnavailableError) return undefined;
      throw cause;
    }
  }

  /**
   * A small question in the words of the engine's own newest API, and its answer, refusals included.
   * @throws UnavailableError the engine did not answer in time.
   */
  async ask(
    method: string,
    path: string,
    body = "",
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    if (this.#socketPath() === undefined) return withoutEngine(method, path);
    const answer = await this.#ask(path, PATIENCE_MS, text, { method, body });
    return { status: answer.status, body: parsed(answer.body) };
  }

  /** What Docker's own client says where its daemon does not answer. */
  unreachable(cause?: unknown): UnavailableError {
    const where = this.#socketPath() ?? "";
    return new UnavailableError(
      `Cannot connect to the Docker daemon at unix://${where}. Is the docker daemon running?`,
      { cause },
    );
  }

  #requirePath(): string {
    const path = this.#socketPath();
    if (path === undefined) throw new UnavailableError("this host has no container engine");
    return path;
  }

  #ask<T>(
    path: string,
    withinMs: number,
    read: (stream: NodeJS.ReadableStream) => Promise<T>,
    { method, body } = { method: "GET", body: "" },
  ): Promise<{ status: number; headers: ReadonlyMap<string, string>; body: T }> {
    return new Promise((resolve, reject) => {
      const question = this.open({
        method,
        path,
        headers: { Host: "docker", Connection: "keep-alive", "Content-Type": "application/json" },
      });
      const timer = this.#clock.after(withinMs, () => question.destroy(this.unreachable()));
      const fail = (cause: unknown): void => {
        timer.cancel();
        reject(this.unreachable(cause));
      };
      question.on("error", fail);
      question.on("response", (answer) => {
        const headers = new Map<string, string>();
        for (const [name, value] of Object.entries(answer.headers))
          headers.set(name, String(value));
        read(answer).then((body) => {
          timer.cancel();
          answer.resume();
          resolve({ status: answer.statusCode ?? 500, headers, body });
        }, fail);
      });
      question.end(body);
    });
  }
}

function parsed(text: string): unknown {
  return text.trim() === "" ? undefined : JSON.parse(text);
}
