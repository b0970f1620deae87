/**
 * The network between simulated hosts: a link each way between any two, which may be slow or cut.
 * A connection is made as TCP makes it: what calls a host out of reach tries again after 1, 3, 7 …
 * seconds; a host whose process is stopped still accepts; one without a process refuses.
 */
import { UnavailableError } from "../../../shared/errors/cluster-error.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Random } from "../../../shared/ports/random.js";
import type { AgentMessage, ManagerMessage } from "../../../shared/rpc/dispatcher-messages.js";
import type { Conversation } from "../../../worker/agent/session.js";
import { End, type Item } from "./connection.js";
import type { ProcessClock } from "./process-clock.js";

/** When a SYN is sent, again and again: Linux' intervals (ms after the first). */
const SYN_AT_MS = [0, 1_000, 3_000, 7_000, 15_000];

/** One way from a host to another. */
export class Link {
  state: "open" | "cut" = "open";
  /** Longest delay of a message. */
  slownessMs = 2;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  delayMs(): number {
    return this.#random.below(this.slownessMs + 1);
  }
}

export type AgentEnd = End<ManagerMessage, AgentMessage>;
export type ManagerEnd = End<AgentMessage, ManagerMessage>;

/** A process that listens, while there is one. */
export interface Listener {
  readonly host: string;
  readonly process: ProcessClock | undefined;
  /** Something has come from there, whether or not the process is awake to read it. */
  arrived(caller: string, item: Item<AgentMessage>): void;
  accept(end: ManagerEnd, caller: string): void;
}

interface Pair {
  readonly agent: AgentEnd;
  readonly manager: ManagerEnd;
  readonly hosts: readonly [agent: string, manager: string];
}

export class Network {
  /** Called when an agent takes in what a manager says. */
  onWord: (agent: string, word: ManagerMessage) => void = () => undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #links = new Map<string, Link>();
  readonly #listeners = new Map<string, Listener>();
  readonly #pairs = new Set<Pair>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  link(from: string, to: string): Link {
    const name = `${from}>${to}`;
    let link = this.#links.get(name);
    if (link === undefined) this.#links.set(name, (link = new Link(this.#random.fork(name))));
    return link;
  }

  /** A host reaches itself whatever happens outside. */
  isOpen(from: string, to: string): boolean {
    if (from === to) return true;
    return this.link(from, to).state === "open" && this.link(to, from).state === "open";
  }

  listen(listener: Listener): void {
    this.#listeners.set(listener.host, listener);
  }

  /** An agent's process calls a manager's host. */
  connect(from: string, process: ProcessClock, to: string): Conversation {
    const end: AgentEnd = new End(process);
    this.#call({
      from,
      to,
      isWanted: () => !end.ended.aborted && process.state !== "dead",
      accepted: (listener, there) => this.#connected({ end, from, to }, listener, there),
      refused: (error) => end.refuse(error),
    });
    return {
      messages: end.messages,
      send: (message) => end.send(message),
      cancel: () => end.end(),
    };
  }

  /** Whether anybody accepts there: a connection that is closed as soon as it stands. */
  reach(from: string, process: ProcessClock, to: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (settle: () => void): void => process.enter(settle);
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      this.#call({
        from,
        to,
        isWanted: () => !signal.aborted && process.state !== "dead",
        accepted: () => enter(resolve),
        refused: (error) => enter(() => reject(error)),
      });
    });
  }

  /** Every connection between the two hosts breaks off, as where a middle box forgets them. */
  reset(agent: string, manager: string): void {
    for (const pair of this.#pairs) {
      if (pair.hosts[0] !== agent || pair.hosts[1] !== manager) continue;
      this.#pairs.delete(pair);
      pair.agent.lose();
      pair.manager.lose();
    }
  }

  /** The kernel ends what a dead process had open. */
  died(process: ProcessClock): void {
    for (const pair of this.#pairs) {
      for (const end of [pair.agent, pair.manager]) {
        if (end.process !== process) continue;
        this.#pairs.delete(pair);
        end.end(new UnavailableError("connection closed"));
      }
    }
  }

  #call(call: Call, attempt = 0): void {
    const atMs = SYN_AT_MS[attempt];
    if (atMs === undefined) return;
    this.#clock.after(atMs - (SYN_AT_MS[attempt - 1] ?? 0), () => {
      if (!call.isWanted()) return;
      if (this.isOpen(call.from, call.to)) this.#ring(call);
      else this.#call(call, attempt + 1);
    });
  }

  #ring({ from, to, isWanted, accepted, refused }: Call): void {
    const roundTripMs = this.link(from, to).delayMs() + this.link(to, from).delayMs();
    this.#clock.after(roundTripMs, () => {
      if (!isWanted()) return;
      const listener = this.#listeners.get(to);
      const there = listener?.process;
      if (listener === undefined || there === undefined) {
        refused(new UnavailableError(`connection to ${to} refused`));
      } else {
        accepted(listener, there);
      }
    });
  }

  #connected(
    { end, from, to }: { readonly end: AgentEnd; readonly from: string; readonly to: string },
    listener: Listener,
    there: ProcessClock,
  ): void {
    const manager: ManagerEnd = new End(there);
    manager.onArrival = (item) => listener.arrived(from, item);
    manager.connect(end, this.link(to, from), this.#clock);
    end.connect(manager, this.link(from, to), this.#clock);
    end.onRead = (item) => {
      if (item.kind === "message") this.onWord(from, item.message);
    };
    this.#pairs.add({ agent: end, manager, hosts: [from, to] });
    there.enter(() => listener.accept(manager, from));
  }
}

interface Call {
  readonly from: string;
  readonly to: string;
  /** False once the caller has given up. */
  readonly isWanted: () => boolean;
  /** The host accepts, whether or not its process is awake. */
  readonly accepted: (listener: Listener, there: ProcessClock) => void;
  readonly refused: (error: Error) => void;
}
