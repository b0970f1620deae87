/**
 * Proposals from the call to their outcome: first waiting for the next turn, bounded in number and
 * bytes, then by the place that their entry got in the log (`pending-proposals.ts`).
 */
import { assert } from "../../shared/errors/assert.js";
import {
  NoLeaderError,
  OutcomeUnknownError,
  TooLargeError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import type { Proposal, ProposalOutcome, Refusal } from "./core/leader.js";
import type { Entry, EntryId } from "./core/message.js";
import { PendingProposals, type Waiting } from "./pending-proposals.js";
import type { ProposalReceipt } from "./replicated-log.js";

interface WaitingProposal extends Waiting {
  readonly proposal: Proposal;
}

/** Some tenths of a second at the rates that a disk gives, and a bound on memory. */
const MAX_WAITING_PROPOSALS = 8_192;
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** The store's own limits are far below; this one keeps a batch in a segment. */
const MAX_PROPOSAL_BYTES = 8 * 1024 * 1024;
/** Proposed in one turn: keeps the pause of `apply` short. */
const MAX_TURN_PROPOSALS = 1_024;

export class ProposalQueue {
  readonly #pending = new PendingProposals();
  #waiting: WaitingProposal[] = [];
  #waitingBytes = 0;

  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** @throws TooLargeError, TryAgainError, and what becomes of the proposal. */
  add(proposal: Proposal): Promise<ProposalReceipt> {
    const bytes = bytesOf(proposal);
    const refusal = this.#refusal(bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ proposal, resolve, reject });
      this.#waitingBytes += bytes;
    });
  }

  /** Proposes what waits. */
  flush(propose: (proposals: readonly Proposal[]) => ProposalOutcome): void {
    const batch = this.#waiting.splice(0, MAX_TURN_PROPOSALS);
    for (const { proposal } of batch) this.#waitingBytes -= bytesOf(proposal);
    assert(this.#waitingBytes >= 0, "waiting bytes are counted once");
    // A change of the membership may be refused, and nobody else is to suffer for it.
    const changes = batch.filter(({ proposal }) => proposal.kind === "membership");
    const data = batch.filter(({ proposal }) => proposal.kind === "data");
    for (const group of [data, ...changes.map((change) => [change])]) {
      if (group.length > 0) this.#follow(group, propose(group.map(({ proposal }) => proposal)));
    }
  }

  applied(entries: readonly Entry[]): void {
    if (this.#pending.size > 0) for (const entry of entries) this.#pending.applied(entry);
  }

  /** See `RaftMember.changeMembership`; undefined: no leader here any more to seal the change. */
  changed({ index, term }: EntryId, seal: EntryId | undefined): void {
    if (seal !== undefined) this.#pending.postpone({ index, term }, seal);
    else this.#pending.giveUpAt(index, new OutcomeUnknownError("this manager lost the lead"));
  }

  skippedTo(snapshot: EntryId): void {
    this.#pending.skippedTo(snapshot);
  }

  /** Those that were not proposed yet: nothing of them happened. */
  dropWaiting(error: Error): void {
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const { reject } of waiting) reject(error);
  }

  /** Those that were proposed: nobody here can tell. */
  giveUp(why: Error): void {
    this.#pending.giveUp(why);
  }

  #refusal(bytes: number): Error | undefined {
    if (bytes > MAX_PROPOSAL_BYTES) {
      return new TooLargeError("the proposal", { bytes, limitBytes: MAX_PROPOSAL_BYTES });
    }
    const waiting = this.#waiting.length;
    const room = this.#waitingBytes + bytes <= MAX_WAITING_BYTES;
    if (waiting < MAX_WAITING_PROPOSALS && room) return undefined;
    return new TryAgainError(`${waiting} proposals (${this.#waitingBytes} bytes) wait; try again`);
  }

  #follow(batch: readonly Waiting[], outcome: ProposalOutcome): void {
    if (outcome.kind === "refused") {
      for (const { reject } of batch) reject(errorOf(outcome.why));
      return;
    }
    const { term, index } = outcome;
    for (const [i, waiting] of batch.entries()) {
      this.#pending.add({ term, index: index + i }, waiting);
    }
  }
}

export function notLeading(): NoLeaderError {
  return new NoLeaderError("this manager does not lead the cluster");
}

function bytesOf(proposal: Proposal): number {
  return proposal.kind === "data" ? proposal.data.length : 0;
}

function errorOf(why: Refusal): Error {
  switch (why) {
    case "no-leader":
      return notLeading();
    case "transferring":
      return new NoLeaderError("the lead is being handed to another manager");
    case "too-much":
      return new TryAgainError("too much waits to be committed; try again");
    case "change-pending":
    case "joint":
    case "not-joint":
      return new TryAgainError("the managers are being changed already; try again");
  }
}
