/**
 * Passes questions about other names on to resolvers, as they came, and their answers back. Each
 * resolver is asked once, in order; where none answers, nobody knows the name for now.
 */
import { createSocket } from "node:dgram";
import { readFileSync, statSync } from "node:fs";
import { connect, isIPv6 } from "node:net";

import type { Clock } from "../../shared/ports/clock.js";

/** Less than what resolvers of containers allow for one try, so that the second is asked in time. */
const ANSWER_LIMIT_MS = 2_000;
/** As the resolver library itself: `MAXNS` of resolv.h. */
const RESOLVERS_MAX = 3;

export type Transport = "udp" | "tcp";

export interface ForwardOptions {
  readonly transport: Transport;
  /** Of the resolvers. */
  readonly port: number;
  readonly clock: Clock;
}

/** @returns the answer's bytes, undefined where no resolver gave one. */
export async function forward(
  question: Buffer,
  resolvers: readonly string[],
  how: ForwardOptions,
): Promise<Buffer | undefined> {
  for (const resolver of resolvers.slice(0, RESOLVERS_MAX)) {
    const answer = await (how.transport === "udp" ? overUdp : overTcp)(question, resolver, how);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function overUdp(
  question: Buffer,
  resolver: string,
  { clock, port }: ForwardOptions,
): Promise<Buffer | undefined> {
  const socket = createSocket(isIPv6(resolver) ? "udp6" : "udp4");
  return new Promise((resolve) => {
    const end = (answer: Buffer | undefined): void => {
      timer.cancel();
      socket.close();
      resolve(answer);
    };
    const timer = clock.after(ANSWER_LIMIT_MS, () => end(undefined));
    socket.on("error", () => end(undefined)); // nobody there: the connected socket hears of it
    socket.on("message", (answer) => {
      if (isAnswerTo(question, answer)) end(answer);
    });
    socket.connect(port, resolver, () => socket.send(question));
  });
}

function overTcp(
  question: Buffer,
  resolver: string,
  { clock, port }: ForwardOptions,
): Promise<Buffer | undefined> {
  const socket = connect(port, resolver);
  return new Promise((resolve) => {
    const end = (answer: Buffer | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.after(ANSWER_LIMIT_MS, () => end(undefined));
    const messages = new LengthPrefixed((answer) => {
      if (isAnswerTo(question, answer)) end(answer);
    });
    socket.on("error", () => end(undefined));
    socket.on("end", () => end(undefined));
    socket.on("data", (chunk) => messages.push(chunk));
    socket.write(withLength(question));
  });
}

/** Same id, and says of itself that it is an answer (RFC 1035 §4.1.1). */
function isAnswerTo(question: Buffer, answer: Buffer): boolean {
  const isAnswer = answer.length >= 12 && (answer.readUInt8(2) & 0x80) !== 0;
  return isAnswer && answer.readUInt16BE(0) === question.readUInt16BE(0);
}

/** Messages over TCP have two bytes of length before them (RFC 1035 §4.2.2). */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Puts messages together out of what comes over TCP; at most 64 kB are ever kept. */
export class LengthPrefixed {
  readonly #onMessage: (message: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#rest.length < 2) return;
      const end = 2 + this.#rest.readUInt16BE(0);
      if (this.#rest.length < end) return;
      const message = this.#rest.subarray(2, end);
      this.#rest = this.#rest.subarray(end);
      this.#onMessage(message);
    }
  }
}

/** The host's own resolvers, as its file names them now. */
export class HostResolvers {
  readonly #path: string;
  #mtimeMs = -1;
  #resolvers: readonly string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** @param own addresses that we answer on: a question must not come back to us */
  current(own: ReadonlySet<string>): readonly string[] {
    try {
      const { mtimeMs } = statSync(this.#path);
      if (mtimeMs !== this.#mtimeMs) {
        this.#resolvers = resolversIn(readFileSync(this.#path, "utf8"));
        this.#mtimeMs = mtimeMs;
      }
    } catch {
      // The file is being replaced, or there is none: what it said last still holds.
    }
    return this.#resolvers.filter((address) => !own.has(address));
  }
}

/** Of a text in the form of resolv.conf(5). */
function resolversIn(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [word, address] = line.trim().split(/\s+/);
    return word === "nameserver" && address !== undefined ? [address] : [];
  });
}
