/**
 * The pursuit of a session: managers are asked one after the other, and none is waited for alone.
 * One whose host takes connections and that says nothing may be short of time, or it may hang while
 * the next leads already: so after a moment the next is asked beside it, before there is a session
 * and also while a session's manager is silent. The first that welcomes us has us, and the others
 * are let go.
 */
import { setMaxListeners } from "node:events";

import type { Clock } from "../../shared/ports/clock.js";
import {
  CutOffError,
  NodeRemovedError,
  SilentManagerError,
  UnansweredError,
  UnreachableError,
} from "./agent-errors.js";
import type { Attempt, ManagerSearch } from "./manager-search.js";
import type { SessionHandlers, Voice } from "./session.js";

/**
 * How long a manager's host may take to accept a connection before it is called anew. The kernel
 * would call a host that is out of reach again after 1, 3, 7 … seconds only, and an agent should be
 * back within a second of its manager; a session that may take long to be welcomed is therefore
 * only begun with a host that accepts.
 */
const REACH_LIMIT_MS = 400;
/** A manager that leads, and has time, has welcomed us by then. */
const ALONE_MS = 500;
/** Without any manager to ask: a name may come by a change of configuration. */
const NO_MANAGER_MS = 1_000;
/** A session of this length was no victim of a manager short of time. */
const PATIENCE_KEPT_MS = 60_000;

/** What a session says of its manager: see `SessionHandlers`. */
export type Told = Pick<SessionHandlers, "begun" | "voice">;

/** An attempt that was made; `begun`: its manager had welcomed us. */
export type Outcome = "begun" | "not-begun";

export interface PursuitOptions {
  readonly search: ManagerSearch;
  readonly clock: Clock;
  /** @throws where the host takes no connection, or the signal's reason */
  readonly reach: (address: string, signal: AbortSignal) => Promise<unknown>;
  /**
   * A session, to its end.
   * @throws always: why it ended, or the signal's reason
   */
  readonly converse: (attempt: Attempt, told: Told, signal: AbortSignal) => Promise<never>;
  readonly onBegun: (address: string) => void;
  /** @throws what must end the pursuit */
  readonly onEnded: (address: string, cause: unknown, outcome: Outcome) => void;
}

interface Open {
  readonly address: string;
  readonly letGo: AbortController;
  readonly ended: Promise<void>;
}

export class ManagerPursuit {
  readonly #options: PursuitOptions;
  readonly #open = new Map<string, Open>();
  #chosen: Open | undefined;
  #chosenVoice: Voice = "speaks";
  #turn: () => void = () => undefined;
  /** Time in which hosts were called in vain: it is part of the next pause. */
  #callingMs = 0;
  /** The manager that was heard, and fell silent, last. */
  #silent: string | undefined;
  #failure: { readonly cause: unknown } | undefined;

  constructor(options: PursuitOptions) {
    this.#options = options;
  }

  /** @throws the signal's reason once it is aborted, or what `onEnded` threw. */
  async run(signal: AbortSignal): Promise<never> {
    // Each attempt listens: without a word, Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal);
    try {
      for (;;) {
        signal.throwIfAborted();
        if (this.#failure !== undefined) throw this.#failure.cause;
        if (this.#isAsking) await this.#askNext(signal);
        else await Promise.race([this.#chosen?.ended, this.#nextTurn()]);
      }
    } finally {
      for (const { letGo } of this.#open.values()) letGo.abort(signal.reason);
      await Promise.all([...this.#open.values()].map(({ ended }) => ended));
    }
  }

  get #isAsking(): boolean {
    if (this.#chosen === undefined) return true;
    return this.#chosenVoice === "silent" && !this.#options.search.isLone;
  }

  async #askNext(signal: AbortSignal): Promise<void> {
    const attempt = this.#options.search.next();
    const delayMs = attempt?.delayMs ?? NO_MANAGER_MS;
    await this.#pause(Math.max(0, delayMs - this.#callingMs), signal);
    this.#callingMs = Math.max(0, this.#callingMs - delayMs);
    if (attempt === undefined || !this.#isAsking) return;
    // One that was asked and has not answered yet is not asked again.
    if (this.#open.has(attempt.address)) return;
    const { ended } = this.#begin(attempt, signal);
    // A lone manager is not asked at another of its addresses while it is short of time.
    if (this.#options.search.isLone) await Promise.race([ended, this.#nextTurn()]);
    else await this.#pause(ALONE_MS, signal, ended);
  }

  #begin(attempt: Attempt, signal: AbortSignal): Open {
    const { address } = attempt;
    const letGo = new AbortController();
    const end = (): void => letGo.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    const ended = this.#pursue(attempt, letGo.signal).finally(() => {
      signal.removeEventListener("abort", end);
      this.#open.delete(address);
      if (this.#chosen?.address === address) this.#chosen = undefined;
    });
    const open = { address, letGo, ended };
    this.#open.set(address, open);
    return open;
  }

  async #pursue(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { clock, converse, search } = this.#options;
    const { address } = attempt;
    const beganMs = clock.nowMs();
    let outcome: Outcome = "not-begun";
    try {
      await this.#reach(address, signal);
      const patience = this.#silent === address ? search.overloaded() : attempt.patience;
      if (this.#silent === address) this.#silent = undefined;
      const told: Told = {
        begun: () => {
          outcome = "begun";
          this.#begun(address);
        },
        voice: (voice) => this.#heard(address, voice),
      };
      await converse({ ...attempt, patience }, told, signal);
    } catch (cause) {
      if (signal.aborted && !(cause instanceof CutOffError)) return;
      this.#learn(address, cause, clock.nowMs() - beganMs);
      this.#ended(address, cause, outcome);
    }
  }

  #begun(address: string): void {
    const { onBegun, search } = this.#options;
    search.found(address);
    this.#silent = undefined;
    this.#callingMs = 0;
    this.#chosen = this.#open.get(address);
    this.#chosenVoice = "speaks";
    this.#letGoOthers(address);
    onBegun(address);
    this.#turn();
  }

  #heard(address: string, voice: Voice): void {
    const { search } = this.#options;
    if (this.#chosen?.address !== address) return;
    this.#chosenVoice = voice;
    if (voice === "silent") {
      search.lost();
      void this.#leaveIfCutOff(this.#chosen);
    } else search.found(address);
    if (voice === "speaks") this.#letGoOthers(address);
    this.#turn();
  }

  /** One that is only short of time is left in peace. */
  async #leaveIfCutOff({ address, letGo }: Open): Promise<void> {
    try {
      await this.#reach(address, letGo.signal);
    } catch {
      const isSilent = this.#chosen?.address === address && this.#chosenVoice === "silent";
      if (isSilent) letGo.abort(new CutOffError(`${address} is silent, and takes no connection`));
    }
  }

  #letGoOthers(address: string): void {
    for (const { address: other, letGo } of this.#open.values()) {
      if (other !== address) letGo.abort(new Error(`${address} is heard`));
    }
  }

  /** What an end says of the managers. */
  #learn(address: string, cause: unknown, lastedMs: number): void {
    const { search } = this.#options;
    if (lastedMs >= PATIENCE_KEPT_MS) search.lasted();
    if (cause instanceof SilentManagerError) this.#silent = address;
    if (cause instanceof UnansweredError) search.unanswered(address);
    if (!(cause instanceof UnreachableError)) return;
    this.#callingMs += lastedMs;
    // It was cut off, and not short of time.
    if (this.#silent === address) this.#silent = undefined;
  }

  #ended(address: string, cause: unknown, outcome: Outcome): void {
    try {
      if (cause instanceof NodeRemovedError) throw cause;
      if (outcome === "begun") this.#options.search.lost();
      this.#options.onEnded(address, cause, outcome);
    } catch (failure) {
      this.#failure = { cause: failure };
      this.#turn();
    }
  }

  async #reach(address: string, signal: AbortSignal): Promise<void> {
    const { clock, reach } = this.#options;
    const limit = new AbortController();
    const end = (): void => limit.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    const giveUp = (): void => {
      const within = `within ${REACH_LIMIT_MS} ms`;
      limit.abort(new UnreachableError(`${address} took no connection ${within}`));
    };
    // In two halves: after a stall of our own, a connection that was taken meanwhile is seen first.
    let timer = clock.after(REACH_LIMIT_MS / 2, () => {
      timer = clock.after(REACH_LIMIT_MS / 2, giveUp);
    });
    try {
      signal.throwIfAborted();
      await reach(address, limit.signal);
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", end);
    }
  }

  /** Sleeps, but not beyond a turn of events, or the end of `attempt`. */
  async #pause(delayMs: number, signal: AbortSignal, attempt?: Promise<void>): Promise<void> {
    const over = new AbortController();
    const slept = this.#options.clock.sleep(delayMs, AbortSignal.any([signal, over.signal]));
    const waits = [slept.catch(() => undefined), this.#nextTurn()];
    await Promise.race(attempt === undefined ? waits : [...waits, attempt]);
    over.abort();
    signal.throwIfAborted();
  }

  /** Resolves when a manager has welcomed us, fell silent or speaks again. */
  #nextTurn(): Promise<void> {
    return new Promise((resolve) => (this.#turn = resolve));
  }
}
