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
import { End } from "./connection.js";
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
  accept(end: ManagerEnd, caller: string): void;
}

interface Pair {
  readonly agent: AgentEnd;
  readonly manager: ManagerEnd;
  readonly hosts: readonly [agent: string, manager: string];
}

export class Network {
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
    return this.link(from, to).state === "open" && this.link(to, from).state === "open";
  }

  listen(listener: Listener): void {
    this.#listeners.set(listener.host, listener);
  }

  /** An agent's process calls a manager's host. */
  connect(from: string, process: ProcessClock, to: string): Conversation {
    const end: AgentEnd = new End(process);
    this.#call({ end, from, to, startedMs: this.#clock.nowMs() }, 0);
    return {
      messages: end.messages,
      send: (message) => end.send(message),
      cancel: () => end.end(),
    };
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

  #call(call: Call, attempt: number): void {
    const atMs = SYN_AT_MS[attempt];
    if (atMs === undefined) return;
    this.#clock.after(call.startedMs + atMs - this.#clock.nowMs(), () => {
      if (call.end.ended.aborted || call.end.process.state === "dead") return;
      if (this.isOpen(call.from, call.to)) this.#reach(call);
      else this.#call(call, attempt + 1);
    });
  }

  #reach({ end, from, to }: Call): void {
    const [there, back] = [this.link(from, to), this.link(to, from)];
    this.#clock.after(there.delayMs() + back.delayMs(), () => {
      if (end.ended.aborted) return;
      const listener = this.#listeners.get(to);
      const process = listener?.process;
      if (listener === undefined || process === undefined) {
        end.refuse(new UnavailableError(`connection to ${to} refused`));
        return;
      }
      const manager: ManagerEnd = new End(process);
      manager.connect(end, back, this.#clock);
      end.connect(manager, there, this.#clock);
      this.#pairs.add({ agent: end, manager, hosts: [from, to] });
      process.enter(() => listener.accept(manager, from));
    });
  }
}

interface Call {
  readonly end: AgentEnd;
  readonly from: string;
  readonly to: string;
  readonly startedMs: number;
}
