/**
 * Stands for election: first asks whether it could be won (`pre-candidate`, nobody's term changes),
 * then for real. Its own vote counts like any other, once it is durable.
 */
import { electionDue } from "./election-clock.js";
import type { MemberId } from "./member-id.js";
import type { MemberState } from "./member-state.js";
import { votersOf } from "./membership.js";
import type { ElectionPhase, Message } from "./message.js";
import { voteResult } from "./quorum.js";
import type { Role, Transition } from "./role.js";

export class Candidate implements Role {
  readonly kind: "pre-candidate" | "candidate";
  readonly #state: MemberState;
  readonly #phase: ElectionPhase;
  readonly #votes = new Map<MemberId, boolean>();

  constructor(state: MemberState, phase: ElectionPhase) {
    this.#state = state;
    this.#phase = phase;
    this.kind = phase === "vote" ? "candidate" : "pre-candidate";
  }

  /** To be called once, when the role has begun. */
  campaign(cause: "timeout" | "transfer"): void {
    const state = this.#state;
    const phase = this.#phase;
    // A pre-vote is about the term that the election would have.
    const term = phase === "vote" ? state.term : state.term + 1;
    for (const id of votersOf(state.membership)) {
      if (id === state.id) {
        const { committed } = state.log;
        state.promise(id, { kind: "vote-reply", phase, granted: true, committed }, term);
      } else {
        const { last, committed } = state.log;
        const request = { kind: "vote-request", phase, last, cause, committed } as const;
        state.outbox.push({ ...request, from: state.id, to: id, term });
      }
    }
  }

  tick(): Transition {
    return electionDue(this.#state);
  }

  step(message: Message): Transition {
    if (message.kind !== "vote-reply" || message.phase !== this.#phase) return undefined;
    if (!this.#votes.has(message.from)) this.#votes.set(message.from, message.granted);
    switch (voteResult(this.#state.membership, this.#votes)) {
      case "won":
        return this.#phase === "vote"
          ? { become: "leader" }
          : { become: "candidate", call: "pre-vote-won" };
      case "lost":
        return { become: "follower", leader: undefined };
      case "pending":
        return undefined;
    }
  }
}
