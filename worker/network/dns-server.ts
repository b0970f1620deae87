/**
 * Answers questions about names on this node's gateway addresses, over UDP and TCP. Holds no state
 * but the last that it was given; which answer is due is `core/dns-answers`' to say.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, isIPv6, type Server, type Socket } from "node:net";

import * as packets from "dns-packet";

import type { Clock, Timer } from "../../shared/ports/clock.js";
import { NameIndex } from "./core/dns-answers.js";
import type { NameState } from "./core/dns-state.js";
import {
  forward,
  HostResolvers,
  LengthPrefixed,
  type Transport,
  withLength,
} from "./dns-forward.js";
import { RCODE, writeReply } from "./dns-reply.js";

/** A gateway address may come up later than we hear of it, or still be held by our predecessor. */
const BIND_RETRY_MS = 100;
/** How long a question may wait for its asker's namespace: a resolver asks again after a second. */
const HOLD_LIMIT_MS = 3_000;
/** Questions that are waiting or asked elsewhere; more are refused rather than piled up. */
const OPEN_MAX = 2_000;
const TCP_IDLE_MS = 10_000;
interface Listener {
  close(): void;
}

export interface DnsServerOptions {
  readonly port: number;
  /** Where resolvers answer that questions are passed on to. */
  readonly resolverPort: number;
  /** In the form of resolv.conf(5). */
  readonly hostResolversPath: string;
  readonly clock: Clock;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #hostResolvers: HostResolvers;
  readonly #listeners = new Map<string, readonly Listener[]>();
  #index = new NameIndex({ listen: [], networks: [], askers: [] });
  #waiting = new Set<() => void>();
  #open = 0;
  #turn = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#hostResolvers = new HostResolvers(options.hostResolversPath);
  }

  /** From now on the answers are these; what waited is asked again. */
  update(state: NameState): void {
    this.#index = new NameIndex(state);
    const wanted = new Set(state.listen);
    for (const [address, listeners] of this.#listeners) {
      if (wanted.has(address)) continue;
      for (const listener of listeners) listener.close();
      this.#listeners.delete(address);
    }
    for (const address of wanted) {
      if (this.#listeners.has(address)) continue;
      this.#listeners.set(address, [this.#listenUdp(address), this.#listenTcp(address)]);
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  close(): void {
    this.update({ listen: [], networks: [], askers: [] });
  }

  #listenUdp(address: string): Listener {
    return bindAgain(this.#options.clock, () => {
      // Two may hold the address for a moment, so that a new version takes over without a gap.
      const socket = createSocket({ type: isIPv6(address) ? "udp6" : "udp4", reuseAddr: true });
      socket.on("message", (message, { address: from, port }) => {
        void this.#answer(message, from, "udp").then((answer) => {
          if (answer !== undefined) sendUdp(socket, answer, port, from);
        });
      });
      socket.bind(this.#options.port, address);
      return socket;
    });
  }

  #listenTcp(address: string): Listener {
    return bindAgain(this.#options.clock, () => {
      const server = createServer((socket) => this.#converse(socket));
      server.listen(this.#options.port, address);
      return server;
    });
  }

  #converse(socket: Socket): void {
    const { remoteAddress: from = "" } = socket;
    const messages = new LengthPrefixed((message) => {
      void this.#answer(message, from, "tcp").then((answer) => {
        if (answer !== undefined && !socket.destroyed) socket.write(withLength(answer));
      });
    });
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => messages.push(chunk));
  }

  /** Undefined for what is no question, or one too many. */
  async #answer(message: Buffer, from: string, transport: Transport): Promise<Buffer | undefined> {
    const query = decoded(message);
    if (query === undefined || this.#open >= OPEN_MAX) return undefined;
    this.#open++;
    try {
      return await this.#answerTo(query, message, from, transport);
    } finally {
      this.#open--;
    }
  }

  async #answerTo(
    query: packets.DecodedPacket,
    message: Buffer,
    from: string,
    transport: Transport,
  ): Promise<Buffer> {
    const [question] = query.questions ?? [];
    if (question === undefined) return writeReply(query, transport, { rcode: RCODE.formatError });
    const { name, type } = question;
    const { clock, resolverPort } = this.#options;
    const deadlineMs = clock.nowMs() + HOLD_LIMIT_MS;
    for (;;) {
      const answer = this.#index.answer(from, { name, type }, this.#turn++);
      switch (answer.kind) {
        case "addresses":
          return writeReply(query, transport, { rcode: RCODE.ok, addresses: answer.addresses });
        case "pointer":
          return writeReply(query, transport, {
            rcode: RCODE.ok,
            others: [{ name, type: "PTR", ttl: 0, data: answer.name }],
          });
        case "nothing":
          return writeReply(query, transport, { rcode: RCODE.ok });
        case "forward": {
          const own = new Set(this.#listeners.keys());
          const resolvers =
            answer.resolvers.length > 0 ? answer.resolvers : this.#hostResolvers.current(own);
          const answered = await forward(message, resolvers, {
            transport,
            clock,
            port: resolverPort,
          });
          return answered ?? writeReply(query, transport, { rcode: RCODE.serverFailure });
        }
        case "wait":
          if (clock.nowMs() >= deadlineMs) {
            return writeReply(query, transport, { rcode: RCODE.serverFailure });
          }
          await this.#nextState(deadlineMs - clock.nowMs());
      }
    }
  }

  #nextState(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.#options.clock.after(limitMs, wake);
      this.#waiting.add(wake);
    });
  }
}

/** Until it is closed: an address that is not there yet is tried again. */
function bindAgain(clock: Clock, bind: () => UdpSocket | Server): Listener {
  let current: UdpSocket | Server | undefined;
  let timer: Timer | undefined;
  const attempt = (): void => {
    const socket = bind();
    current = socket;
    socket.on("error", () => {
      close(socket);
      if (current === socket) timer = clock.after(BIND_RETRY_MS, attempt);
    });
  };
  attempt();
  return {
    close: () => {
      timer?.cancel();
      const last = current;
      current = undefined;
      if (last !== undefined) close(last);
    },
  };
}

function close(socket: UdpSocket | Server): void {
  try {
    socket.close();
  } catch {
    // it never was open
  }
}

function sendUdp(socket: UdpSocket, answer: Buffer, port: number, to: string): void {
  try {
    socket.send(answer, port, to);
  } catch {
    // closed meanwhile: the asker asks again
  }
}

function decoded(message: Buffer): packets.DecodedPacket | undefined {
  try {
    const packet = packets.decode(message);
    return packet.type === "query" ? packet : undefined;
  } catch {
    return undefined; // whatever it was, it was no question
  }
}
