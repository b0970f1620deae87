/**
 * One conversation with one manager, from `hello` to its end. The manager that stays silent has
 * lost us; one whose fence is lower than what we have seen is not listened to. Ends only by
 * throwing: why, is for the log.
 */
import type { NodeDescription } from "../../shared/docker-api/node-spec.js";
import { UnavailableError } from "../../shared/errors/cluster-error.js";
import type { AssignmentSet } from "../../shared/model/assignment.js";
import type { EngineHealth } from "../../shared/model/engine-health.js";
import type { Fence } from "../../shared/model/fence.js";
import type { NodeRole } from "../../shared/model/node.js";
import type { Clock, Timer } from "../../shared/ports/clock.js";
import type { AgentMessage, ManagerMessage } from "../../shared/rpc/dispatcher-messages.js";
import { SilentManagerError, UnansweredError } from "./agent-errors.js";
import type { StatusBook } from "./status-book.js";

/**
 * Silence after which an agent turns to the next manager, unless heartbeats are rarer than that.
 */
const SILENCE_MS = 1_000;
/** Heartbeats that may stay unanswered. */
const SILENT_HEARTBEATS = 2;
/** Before the manager has said how often it wants them. */
const FIRST_HEARTBEAT_PERIOD_MS = 500;
/**
 * Messages that may wait for our disk while we listen on: enough that a slow disk is not
 * taken for a silent manager, few enough that the manager notices and sends less.
 */
const IN_HAND_MAX = 16;

/** What is needed of a stream; the real one is gRPC's. */
export interface Conversation {
  readonly messages: AsyncIterable<ManagerMessage>;
  send(message: AgentMessage): void;
  cancel(): void;
}

/**
 * What a session tells its agent. Messages are handled one after the other; what is being handled
 * when the session ends is brought to its end, what waits behind it is not begun.
 */
export interface SessionHandlers {
  /** @throws OutdatedManagerError */
  readonly welcomed: (fence: Fence) => Promise<void>;
  /** The manager is one to listen to, and that is durable. */
  readonly begun: () => void;
  /** It has said nothing for longer than usual, or speaks again: others may be asked meanwhile. */
  readonly voice: (voice: Voice) => void;
  /** @returns whether something was missed. @throws OutdatedManagerError */
  readonly assigned: (set: AssignmentSet) => Promise<"applied" | "gap">;
  /** @throws OutdatedManagerError, else NodeRemovedError */
  readonly removed: (fence: Fence) => Promise<never>;
  readonly managersChanged: (addresses: readonly string[]) => Promise<void>;
  /** A manager that cannot welcome us says where all of them are, as far as it knows. */
  readonly referred: (addresses: readonly string[]) => void;
  readonly roleNamed: (role: NodeRole) => void;
}

/** What a host says of itself. */
export interface HostReport {
  /** Absent until its engine has answered once. */
  readonly description?: NodeDescription;
  readonly engine: EngineHealth;
}

export type Voice = "speaks" | "silent";

export interface SessionOptions {
  readonly conversation: Conversation;
  readonly clock: Clock;
  readonly book: StatusBook;
  readonly hello: Pick<Extract<AgentMessage, { kind: "hello" }>, "address" | "fence" | "memory">;
  readonly host: () => HostReport;
  readonly handlers: SessionHandlers;
  /**
   * How long the manager may take to say its first word: the connection is made in this time, too.
   * The welcome may take longer, while its heartbeats show that it is there.
   */
  readonly wordLimitMs: number;
  /** How much longer than usual the manager may be silent: meanwhile others can be asked. */
  readonly patience: number;
}

export class Session {
  readonly #options: SessionOptions;
  /** Aborted, with the reason, where we end it: for silence, or because a message will not do. */
  readonly #over = new AbortController();
  #heard = false;
  #voice: Voice = "speaks";
  #heartbeatPeriodMs = FIRST_HEARTBEAT_PERIOD_MS;
  #watch: Timer | undefined;
  #heartbeat: Timer | undefined;
  /** Messages are taken in order, each when the one before it is done. */
  #handling: Promise<void> = Promise.resolve();
  #inHand = 0;
  /** What the manager was told of the host. */
  #told: HostReport;
  #stage: "new" | "greeted" | "begun" | "ended" = "new";
  /** Increments are of no use until the complete set that was asked for has come. */
  #resendAsked = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#told = options.host();
  }

  /** @throws always: ClusterError for the reason of the end, or the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { conversation, hello, book } = this.#options;
    const end = (): void => {
      conversation.cancel();
    };
    signal.addEventListener("abort", end, { once: true });
    this.#over.signal.addEventListener("abort", end, { once: true });
    try {
      signal.throwIfAborted();
      conversation.send({ kind: "hello", ...hello, ...this.#told });
      this.#beatLater();
      this.#expectWord();
      for await (const message of conversation.messages) {
        this.#watch?.cancel();
        await this.#take(message);
        this.#expectWord();
      }
      throw new UnavailableError("the manager ended the session");
    } catch (cause) {
      signal.throwIfAborted();
      this.#over.signal.throwIfAborted();
      throw cause;
    } finally {
      signal.removeEventListener("abort", end);
      this.#watch?.cancel();
      this.#heartbeat?.cancel();
      // Only one session at a time has begun; others may be under way.
      if (this.#stage === "begun") book.unsend();
      this.#stage = "ended";
      conversation.cancel();
    }
  }

  /** Sends what there is to report; to be called whenever there is something new. */
  sendStatuses(): void {
    if (this.#stage !== "begun") return;
    const batch = this.#options.book.takeBatch();
    if (batch !== undefined) this.#options.conversation.send({ kind: "statuses", ...batch });
  }

  /** The networks are as they were told under this fence. */
  sendApplied({ sequence }: Fence): void {
    if (this.#stage !== "begun") return;
    this.#options.conversation.send({ kind: "networks-applied", sequence });
  }

  /** Sends what has changed of the host; to be called whenever something may have. */
  sendHost(): void {
    if (this.#isOver) return;
    const { conversation, host } = this.#options;
    const { description, engine } = host();
    const told = this.#told;
    this.#told = { engine, ...(description && { description }) };
    if (description !== undefined && description !== told.description) {
      conversation.send({ kind: "description", description });
    }
    if (engine !== told.engine) conversation.send({ kind: "engine", health: engine });
  }

  /** Resolves once there is room for another: a slow disk holds up the work, not the listening. */
  async #take(message: ManagerMessage): Promise<void> {
    if (message.kind === "welcome") {
      this.#stage = "greeted";
      this.#heartbeatPeriodMs = message.heartbeatPeriodMs;
    }
    this.#heard = true;
    this.#speak("speaks");
    if (message.kind === "heartbeat-received") {
      this.#keepTo(message.heartbeatPeriodMs);
      return;
    }
    if (this.#stage === "new" && message.kind === "managers") {
      this.#options.handlers.referred(message.addresses);
      return;
    }
    if (this.#stage === "new" && message.kind !== "removed") {
      throw new UnavailableError(`the manager began with ${message.kind}, not with welcome`);
    }
    this.#inHand++;
    this.#handling = this.#handling
      .then(() => this.#handle(message))
      .then(
        () => {
          this.#inHand--;
        },
        (cause: unknown) => this.#over.abort(cause),
      );
    // A manager ends the session once it has said that: its word counts, not the end behind it.
    const isLast = message.kind === "removed";
    if (isLast || this.#inHand >= IN_HAND_MAX) await this.#handling;
  }

  async #handle(message: Exclude<ManagerMessage, { kind: "heartbeat-received" }>): Promise<void> {
    const { handlers, book } = this.#options;
    if (this.#isOver) return;
    switch (message.kind) {
      case "welcome":
        await handlers.welcomed(message.fence);
        this.#begin();
        return;
      case "assignments":
        await this.#assigned(message.set);
        return;
      case "removed":
        await handlers.removed(message.fence);
        return;
      case "managers":
        await handlers.managersChanged(message.addresses);
        return;
      case "role":
        handlers.roleNamed(message.role);
        return;
      case "statuses-stored":
        book.stored(message.batch);
        return;
    }
  }

  get #isOver(): boolean {
    return this.#stage === "ended" || this.#over.signal.aborted;
  }

  #begin(): void {
    if (this.#isOver) return;
    this.#stage = "begun";
    this.#options.handlers.begun();
    this.sendStatuses();
  }

  /** Needs nothing but the stream: that we are here is true whatever our disk does. */
  /** The cluster's period may have changed: a shorter one counts from now on. */
  #keepTo(periodMs = this.#heartbeatPeriodMs): void {
    if (periodMs === this.#heartbeatPeriodMs) return;
    this.#heartbeatPeriodMs = periodMs;
    this.#heartbeat?.cancel();
    this.#beatLater();
  }

  #beatLater(): void {
    const { clock, conversation } = this.#options;
    this.#heartbeat = clock.after(this.#heartbeatPeriodMs, () => {
      conversation.send({ kind: "heartbeat" });
      this.#beatLater();
    });
  }

  async #assigned(set: AssignmentSet): Promise<void> {
    if (this.#resendAsked && set.kind === "incremental") return;
    const outcome = await this.#options.handlers.assigned(set);
    if (this.#isOver) return;
    this.#resendAsked = outcome === "gap";
    if (outcome === "gap") this.#options.conversation.send({ kind: "resend-assignments" });
  }

  #speak(voice: Voice): void {
    if (voice === this.#voice) return;
    this.#voice = voice;
    this.#options.handlers.voice(voice);
  }

  #expectWord(): void {
    const { patience, wordLimitMs } = this.#options;
    const usualMs = Math.max(SILENCE_MS, SILENT_HEARTBEATS * this.#heartbeatPeriodMs);
    if (!this.#heard) {
      this.#afterSilence(wordLimitMs, () => this.#endSilent(wordLimitMs));
      return;
    }
    const limitMs = usualMs * patience;
    this.#afterSilence(usualMs, () => {
      if (patience <= 1) {
        this.#endSilent(limitMs);
        return;
      }
      this.#speak("silent");
      this.#afterSilence(limitMs - usualMs, () => this.#endSilent(limitMs));
    });
  }

  /**
   * Waits in two halves: after a stall of our own, what had come in the meantime is read between
   * them, and the manager is not blamed for it.
   */
  #afterSilence(ms: number, then: () => void): void {
    const { clock } = this.#options;
    this.#watch = clock.after(ms / 2, () => {
      this.#watch = clock.after(ms / 2, then);
    });
  }

  #endSilent(ms: number): void {
    const SilentError = this.#heard ? SilentManagerError : UnansweredError;
    this.#over.abort(new SilentError(`the manager has been silent for ${ms} ms`));
  }
}
