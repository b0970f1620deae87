/**
 * The writing side of the store: the speculative head and the commands in flight. A write runs on
 * the head and is proposed at once, behind those before it; many are on their way together. The
 * head is right as long as everything that is committed has come through it: whatever breaks that
 * ends the head, and a new one begins on committed state once nothing is in flight any more.
 */
import { assert } from "../../shared/errors/assert.js";
import {
  InvalidArgumentError,
  NoLeaderError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import type { Clock } from "../../shared/ports/clock.js";
import { ProtoWriter } from "../../shared/rpc/wire/proto-writer.js";
import type { Leadership, ReplicatedLog } from "../raft/replicated-log.js";
import type { EncodedCommand } from "./command-codec.js";
import type { Applied } from "./core/apply.js";
import { Head } from "./core/head.js";
import type { Replica } from "./core/replica.js";
import { IN_FLIGHT_BYTES_MAX, IN_FLIGHT_COMMANDS_MAX } from "./limits.js";
import { answerOf, RefusedError } from "./outcome.js";
import type { Transaction, UpdateOptions } from "./store-access.js";
import { HeadTransaction } from "./transaction.js";

/** A UUID, or a name with one in it: the newest 10,000 are held in memory, on every manager. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

export interface Proposal extends EncodedCommand {
  readonly head: Head;
  /** What `apply` made of it, once committed. */
  applied?: Applied;
}

export class Proposals {
  readonly #replica: () => Replica;
  readonly #clock: Clock;
  #log: ReplicatedLog | undefined;
  #leading = false;
  #head: Head | undefined;
  /** In the order in which they were proposed; those that are committed have left. */
  readonly #inFlight: Proposal[] = [];
  #inFlightBytes = 0;
  /**
   * What the newest proposal comes to: all before it have come to the same, or failed before it.
   */
  #newest: Promise<Applied> | undefined;
  readonly #byRequest = new Map<string, Promise<Applied>>();
  #writing = false;
  /** One for all: writes do not overlap, and each takes its bytes with it. */
  readonly #bytes = new ProtoWriter();

  constructor(replica: () => Replica, clock: Clock) {
    this.#replica = replica;
    this.#clock = clock;
  }

  connect(log: ReplicatedLog): void {
    this.#log = log;
  }

  leadershipChanged(leadership: Leadership): void {
    this.#leading = leadership.kind === "leader";
    this.#head = undefined;
    this.beginHead();
  }

  /** Begins a head where there should be one, and nothing of an earlier one is in flight. */
  beginHead(): void {
    if (!this.#leading || this.#head !== undefined || this.#inFlight.length > 0) return;
    this.#head = new Head(this.#replica().tables);
  }

  /** Ends the head: what is committed is no longer what it was built on. */
  endHead(): void {
    this.#head = undefined;
  }

  async update<T>(write: (tx: Transaction) => T, options?: UpdateOptions<T>): Promise<T> {
    const { log, head } = this.#forWriting();
    checkRequestId(options?.requestId);
    const earlier = options && this.#earlierAnswer(options);
    if (earlier !== undefined) return earlier;
    const header = {
      atMs: this.#clock.wallMs(),
      ...(options !== undefined && { requestId: options.requestId }),
    };
    const tx = new HeadTransaction(head, header, this.#bytes);
    let value: T;
    try {
      value = this.#run(write, tx);
    } catch (error) {
      await this.#newest; // the error may speak of what is not committed yet, and may never be
      throw error;
    }
    if (!tx.changedSomething) {
      await this.#newest;
      return value;
    }
    const applied = await this.#propose(log, head, tx, options?.requestId);
    if (applied.kind === "applied") return value;
    if (applied.kind === "refused") throw new RefusedError(applied.refusal, applied.cause);
    assert(options !== undefined, "only a command with a request id can be a repeated one");
    return answerOf(applied.outcome, options);
  }

  /** The proposal of ours that `data` is, if it is one: the oldest in flight, or none. */
  committed(data: Uint8Array): Proposal | undefined {
    const oldest = this.#inFlight[0];
    if (oldest === undefined || !sameBytes(oldest.data, data)) {
      this.endHead();
      return undefined;
    }
    this.#inFlight.shift();
    this.#inFlightBytes -= data.length;
    return oldest;
  }

  /** To be called when the tables below have `proposal`'s command applied. */
  applied(proposal: Proposal, applied: Applied): void {
    proposal.applied = applied;
    if (proposal.head !== this.#head) return;
    // It fitted the head: where it does not fit the tables, they differ.
    if (applied.kind === "applied") this.#head.committed();
    else this.endHead();
  }

  #forWriting(): { readonly log: ReplicatedLog; readonly head: Head } {
    assert(!this.#writing, "a write may not begin inside another");
    if (this.#log === undefined || !this.#leading)
      throw new NoLeaderError("this manager does not lead the cluster");
    if (this.#head === undefined)
      throw new TryAgainError("proposals were dropped and are being cleared away; try again");
    const count = this.#inFlight.length;
    if (count >= IN_FLIGHT_COMMANDS_MAX || this.#inFlightBytes >= IN_FLIGHT_BYTES_MAX)
      throw new TryAgainError(
        `${count} commands (${this.#inFlightBytes} bytes) wait to be committed; try again`,
      );
    return { log: this.#log, head: this.#head };
  }

  /** The answer to a request that is carried out already, or being carried out. */
  #earlierAnswer<T>(options: UpdateOptions<T>): Promise<T> | undefined {
    const known = this.#replica().requests.get(options.requestId);
    if (known !== undefined) return Promise.resolve(answerOf(known, options));
    const inFlight = this.#byRequest.get(options.requestId);
    return inFlight?.then(() => {
      const outcome = this.#replica().requests.get(options.requestId);
      assert(outcome !== undefined, "a committed request is remembered");
      return answerOf(outcome, options);
    });
  }

  #run<T>(write: (tx: Transaction) => T, tx: HeadTransaction): T {
    this.#writing = true;
    try {
      const value = write(tx);
      tx.throwFailure();
      if (!tx.changedSomething) tx.rollback();
      return value;
    } catch (error) {
      tx.rollback();
      throw error;
    } finally {
      tx.close();
      this.#writing = false;
    }
  }

  #propose(
    log: ReplicatedLog,
    head: Head,
    tx: HeadTransaction,
    requestId: string | undefined,
  ): Promise<Applied> {
    const proposal: Proposal = { ...tx.finish(), head };
    head.proposed();
    this.#inFlight.push(proposal);
    this.#inFlightBytes += proposal.data.length;
    const outcome = this.#follow(log.propose(proposal.data), proposal).finally(() => {
      if (requestId !== undefined) this.#byRequest.delete(requestId);
      if (this.#newest === outcome) this.#newest = undefined;
    });
    if (requestId !== undefined) this.#byRequest.set(requestId, outcome);
    this.#newest = outcome;
    return outcome;
  }

  async #follow(committed: Promise<unknown>, proposal: Proposal): Promise<Applied> {
    try {
      await committed;
    } catch (error) {
      this.#dropped(proposal);
      throw error;
    }
    assert(proposal.applied !== undefined, "the log says that it applied what was never delivered");
    return proposal.applied;
  }

  #dropped(proposal: Proposal): void {
    if (proposal.head === this.#head) this.endHead();
    const place = this.#inFlight.indexOf(proposal);
    if (place === -1) return;
    this.#inFlight.splice(place, 1);
    this.#inFlightBytes -= proposal.data.length;
    this.beginHead();
  }
}

/** @throws InvalidArgumentError it is too long to be remembered, or no plain text. */
function checkRequestId(requestId: string | undefined): void {
  if (requestId !== undefined && !REQUEST_ID.test(requestId))
    throw new InvalidArgumentError(
      "a request id has 1 to 128 letters, digits or signs of ASCII, and no space",
    );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && Buffer.compare(a, b) === 0);
}
