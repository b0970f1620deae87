/**
 * The way to whoever leads: to this manager itself, or to another over a connection that is kept.
 * What it is asked for waits for a leader where there is none, and goes to the next where one is
 * lost on the way, for as long as a user should have to wait.
 */
import {
  ClusterError,
  type ErrorCode,
  OutcomeUnknownError,
  UnavailableError,
} from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import { RpcClient } from "../../shared/rpc/channel.js";
import type { UnaryMethod } from "../../shared/rpc/rpc-method.js";
import type { IdentitySource } from "../../shared/rpc/tls-identity.js";

/** `host:port` of the leader; undefined while none is known. */
export type LeaderPlace = "here" | { readonly address: string } | undefined;

export interface LeaderLinkOptions {
  readonly identity: IdentitySource;
  readonly clock: Clock;
  readonly leader: () => LeaderPlace;
  /** Why there is none, in words. */
  readonly whyUnavailable: () => ClusterError;
}

export interface Errand<Request, Response> {
  readonly method: UnaryMethod<Request, Response>;
  readonly request: Request;
  /** The same, where this manager leads. */
  readonly here: () => Promise<Response>;
  /**
   * `yes`: it may be sent again though it may have been carried out, for it would not be carried
   * out again.
   */
  readonly repeatable: "yes" | "no";
  /** For how long to try; `PATIENCE_MS` unless told. */
  readonly patienceMs?: number;
}

/** Users, and the clients of this API, wait so long for an answer. */
export const PATIENCE_MS = 5_000;
/** How often it is looked whether another leads by now: an election takes some tenths of a second. */
const LOOK_MS = 25;

/** The one that was asked does not lead, or not any more, and has done nothing. */
const NOT_DONE: readonly ErrorCode[] = ["no-leader", "proposal-dropped"];
const MAY_BE_DONE: readonly ErrorCode[] = ["unavailable", "outcome-unknown"];

export class LeaderLink {
  readonly #options: LeaderLinkOptions;
  readonly #closing = new AbortController();
  #client: RpcClient | undefined;

  constructor(options: LeaderLinkOptions) {
    this.#options = options;
  }

  /**
   * @throws what the leader answers; where there is none in time NoLeaderError, or
   *   OutcomeUnknownError where one was asked and did not answer.
   */
  async ask<Request, Response>(errand: Errand<Request, Response>): Promise<Response> {
    const { clock, whyUnavailable } = this.#options;
    const again = errand.repeatable === "yes" ? [...NOT_DONE, ...MAY_BE_DONE] : NOT_DONE;
    const endMs = clock.nowMs() + (errand.patienceMs ?? PATIENCE_MS);
    let outcome: "nothing-done" | "unknown" = "nothing-done";
    for (;;) {
      const place = this.#options.leader();
      if (place !== undefined) {
        try {
          return await this.#attempt(errand, place, endMs);
        } catch (error) {
          if (!(error instanceof ClusterError) || !again.includes(error.code)) throw error;
          if (MAY_BE_DONE.includes(error.code)) outcome = "unknown";
        }
      }
      if (clock.nowMs() + LOOK_MS >= endMs) {
        const why = whyUnavailable();
        throw outcome === "unknown" ? new OutcomeUnknownError(why.message) : why;
      }
      await clock.sleep(LOOK_MS, this.#closing.signal);
    }
  }

  close(): void {
    this.#closing.abort(new UnavailableError("this manager is stopping"));
    this.#client?.close();
    this.#client = undefined;
  }

  async #attempt<Request, Response>(
    { method, request, here }: Errand<Request, Response>,
    place: NonNullable<LeaderPlace>,
    endMs: number,
  ): Promise<Response> {
    if (place === "here") return await here();
    const { clock } = this.#options;
    const lost = new AbortController();
    const watch = this.#watchLeader(place.address, lost);
    try {
      const timeoutMs = Math.max(1, endMs - clock.nowMs());
      return await this.#clientFor(place.address).call(method, request, {
        signal: AbortSignal.any([lost.signal, this.#closing.signal]),
        timeoutMs,
      });
    } finally {
      watch.stop();
    }
  }

  /**
   * A leader that was cut off would never answer: it is given up once another leads, though it may
   * have done what it was asked for.
   */
  #watchLeader(address: string, lost: AbortController): { stop: () => void } {
    const { clock, leader } = this.#options;
    const look = (): ReturnType<Clock["after"]> =>
      clock.after(LOOK_MS, () => {
        const place = leader();
        if (place !== "here" && (place === undefined || place.address === address)) {
          timer = look();
        } else lost.abort(new UnavailableError(`the manager at ${address} leads no more`));
      });
    let timer = look();
    return { stop: () => timer.cancel() };
  }

  #clientFor(address: string): RpcClient {
    if (this.#client?.address === address) return this.#client;
    this.#client?.close();
    const { clock, identity } = this.#options;
    this.#client = new RpcClient({ address, trust: { kind: "member", identity }, clock });
    return this.#client;
  }
}
