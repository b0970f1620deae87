/**
 * A member of the cluster's consensus: drives the pure core (`core/node.ts`) with a clock, a disk
 * and a network. It owns the log and the snapshots of this host's manager.
 *
 * Invariants: a message that promises something leaves after what it promises is durable; an entry
 * is applied once, in order, and answered after it was applied; nothing waits without a bound.
 */
import {
  OutcomeUnknownError,
  ProposalDroppedError,
  TryAgainError,
} from "../../shared/errors/cluster-error.js";
import type { Timer } from "../../shared/ports/clock.js";
import { Compactor } from "./compactor.js";
import type { Proposal } from "./core/leader.js";
import type { MemberId } from "./core/member-id.js";
import { SAFE_VARIANT } from "./core/member-state.js";
import {
  type Membership,
  type MembershipChange,
  MembershipChangeError,
  votersOf,
} from "./core/membership.js";
import type { Entry, EntryId, Message, SnapshotId } from "./core/message.js";
import { RaftNode, type RaftStatus } from "./core/node.js";
import type { Ready, Write } from "./core/ready.js";
import { StorageFailedError } from "./log-errors.js";
import type { AppendRequest } from "./log-file.js";
import type { PeerListener } from "./peers.js";
import { PendingReads } from "./pending-reads.js";
import { notLeading, ProposalQueue } from "./proposal-queue.js";
import {
  APPLYING_BYTES,
  DEFAULT_LIMITS,
  DEFAULT_TICKS,
  type RaftMemberOptions,
} from "./raft-options.js";
import { type RecoveredMember, recoverMember } from "./recover-member.js";
import {
  type Leadership,
  type ProposalReceipt,
  type ReplicatedLog,
  toCommitted,
} from "./replicated-log.js";
import { SnapshotExchange, type SnapshotMessage } from "./snapshot-exchange.js";
import { WriteQueue } from "./write-queue.js";

/** By then a new leader has mostly decided what becomes of the old one's entries. */
const UNKNOWN_AFTER_MS = 2_000;

export class RaftMember implements ReplicatedLog, PeerListener {
  readonly #options: RaftMemberOptions;
  readonly #node: RaftNode;
  readonly #recovered: RecoveredMember;
  readonly #compactor: Compactor;
  readonly #writes: WriteQueue;
  readonly #proposals = new ProposalQueue();
  readonly #reads: PendingReads;
  readonly #defer: (turn: () => void) => void;
  #leadership: Leadership;
  readonly #exchange: SnapshotExchange;
  #failure: Error | undefined;
  #room: "full" | "enough" = "enough";
  #turnDue = false;
  #tick: Timer | undefined;
  #giveUp: Timer | undefined;
  #opening: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #closed: "no" | "closing" | "yes" = "no";

  /**
   * A lone member leads once this has resolved.
   * @throws DamagedLogError, StorageFailedError, StorageFullError
   */
  static async open(options: RaftMemberOptions): Promise<RaftMember> {
    const member = new RaftMember(options, await recoverMember(options));
    try {
      await member.#start();
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  private constructor(options: RaftMemberOptions, recovered: RecoveredMember) {
    const { id, random, clock, logger, ticks = DEFAULT_TICKS, limits = DEFAULT_LIMITS } = options;
    this.#options = options;
    this.#recovered = recovered;
    this.#defer = options.defer ?? setImmediate;
    this.#node = new RaftNode({
      id,
      random,
      electionTicks: ticks.electionTicks,
      heartbeatTicks: ticks.heartbeatTicks,
      variant: SAFE_VARIANT,
      limits,
      latestSnapshot: () => this.#exchange.latest,
      apply: { upTo: "durable", bytes: APPLYING_BYTES },
      stored: recovered.stored,
    });
    this.#leadership = { kind: "follower", term: this.#node.status.term };
    this.#compactor = new Compactor({
      ...options,
      log: recovered.log,
      snapshots: recovered.snapshots,
      snapshotIndex: recovered.snapshot?.index ?? 0,
      membership: () => this.#membershipOfState(),
      onSnapshot: (snapshot, logIndex) => {
        this.#exchange.taken(snapshot);
        this.#node.compact(logIndex);
      },
    });
    this.#exchange = new SnapshotExchange(recovered.snapshot, {
      ...options,
      log: recovered.log,
      snapshots: recovered.snapshots,
      awaitsInstall: () => this.#node.awaitsSnapshot,
      onSent: (to, outcome) => {
        this.#node.snapshotSent(to, outcome);
        this.#wake();
      },
    });
    this.#writes = new WriteQueue({
      log: recovered.log,
      clock,
      logger,
      install: (snapshot, follows) => this.#install(snapshot, follows),
      onWritten: (write) => this.#written(write),
      onRoom: (room) => this.#roomChanged(room),
      onFailed: (error) => this.#failed(error),
    });
    this.#reads = new PendingReads({
      clock,
      // Unlike that of any member, and of this one before a restart.
      prefix: `${id}.${random.below(2 ** 32)}`,
      ask: (request) => {
        this.#node.read(request);
        this.#wake();
      },
    });
  }

  get leadership(): Leadership {
    return this.#leadership;
  }

  get status(): RaftStatus {
    return this.#node.status;
  }

  /** What of it is on the disk. */
  get storage(): {
    readonly log: { readonly firstIndex: number; readonly bytes: number };
    readonly snapshot?: EntryId;
  } {
    const { log, snapshots } = this.#recovered;
    const { bytes, firstIndex } = log;
    const newest = snapshots.kept.at(-1);
    const snapshot = newest && { index: newest.index, term: newest.term };
    return { log: { firstIndex, bytes }, ...(snapshot && { snapshot }) };
  }

  /** `data` is not to be changed until the promise is settled. */
  propose(data: Uint8Array): Promise<ProposalReceipt> {
    return this.#enqueue({ kind: "data", data });
  }

  /**
   * Resolves once the change is in force whatever crashes: who was removed by it may be switched off
   * for ever. A joint membership is then left by itself.
   */
  changeMembership(change: MembershipChange): Promise<ProposalReceipt> {
    return this.#enqueue({ kind: "membership", change });
  }

  readIndex(signal: AbortSignal): Promise<number> {
    return this.#reads.read(signal);
  }

  /** Hands the lead to `to`; nothing happens where this member does not lead. */
  transferLead(to: MemberId): void {
    this.#node.transferLead(to);
    this.#wake();
  }

  /** Hands the lead to whoever has most of the log: to be called before a stop. */
  giveAwayLead(): void {
    const { id, membership, progress } = this.#node.status;
    const heirs = votersOf(membership)
      .filter((voter) => voter !== id && progress.get(voter)?.active === "heard")
      .sort((a, b) => (progress.get(b)?.matchIndex ?? 0) - (progress.get(a)?.matchIndex ?? 0));
    const [best] = heirs;
    if (best !== undefined) this.transferLead(best);
  }

  async compact(): Promise<void> {
    await this.#compactor.compact();
  }

  received(message: Message): void {
    if (this.#closed !== "no") return;
    if (this.#node.step(message) === "unknown-member") return;
    this.#wake();
  }

  async receivedSnapshot(
    message: SnapshotMessage,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (this.#closed !== "no") throw new TryAgainError("the log is closed");
    await this.#exchange.receive(message, chunks);
    this.received(message);
  }

  unreachable(id: MemberId): void {
    this.#node.unreachable(id);
    this.#wake();
  }

  /** What is on its way to the disk gets there; what then still waits is of unknown outcome. */
  async close(): Promise<void> {
    if (this.#closed !== "no") return;
    this.#closed = "closing";
    this.#tick?.cancel();
    this.#giveUp?.cancel();
    this.#reads.close();
    this.#proposals.dropWaiting(new ProposalDroppedError("the log is closed"));
    await this.#writes.close();
    this.#turn();
    this.#closed = "yes";
    this.#proposals.giveUp(new OutcomeUnknownError("the manager stopped"));
    await this.#compactor.stop();
    await this.#recovered.log.close();
  }

  async #start(): Promise<void> {
    const { id } = this.#options;
    const voters = votersOf(this.#node.status.membership);
    this.#scheduleTick();
    this.#wake();
    if (voters.length !== 1 || voters[0] !== id) return;
    // Nobody else is to be asked: there is nothing to wait for but the disk.
    this.#node.campaign();
    await new Promise<void>((resolve, reject) => (this.#opening = { resolve, reject }));
    this.#opening = undefined;
  }

  #scheduleTick(): void {
    const { clock, pace, ticks = DEFAULT_TICKS } = this.#options;
    this.#tick = clock.after(ticks.tickMs, () => {
      // One tick, however late: while this process slept, it heard nobody.
      if (pace !== undefined) this.#node.setPace(pace());
      this.#node.tick();
      this.#wake();
      this.#scheduleTick();
    });
  }

  #enqueue(proposal: Proposal): Promise<ProposalReceipt> {
    if (this.#closed !== "no") {
      return Promise.reject(new ProposalDroppedError("the log is closed"));
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#leadership.kind !== "leader") return Promise.reject(notLeading());
    if (this.#room === "full") return Promise.reject(this.#noRoom());
    this.#wake();
    return this.#proposals.add(proposal);
  }

  #wake(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    this.#defer(() => {
      this.#turnDue = false;
      if (this.#closed !== "yes") this.#turn();
    });
  }

  #turn(): void {
    try {
      if (this.#proposals.waits) this.#proposals.flush((batch) => this.#node.propose(batch));
      while (this.#node.hasReady) this.#handle(this.#node.takeReady());
    } catch (error) {
      this.#failed(error);
    }
    if (this.#proposals.waits) this.#wake();
  }

  #handle({ role, reads, messages, write, apply }: Ready): void {
    if (role !== undefined) this.#roleChanged();
    const { appliedIndex } = this.#node.status;
    for (const read of reads) this.#reads.answered(read, appliedIndex);
    this.#send(messages);
    if (write !== undefined) this.#writes.push(write);
    if (apply.length > 0) this.#apply(apply);
  }

  #apply(entries: readonly Entry[]): void {
    const { stateMachine, logger } = this.#options;
    stateMachine.apply(entries.map(toCommitted));
    for (const entry of entries) {
      if (entry.kind !== "membership") continue;
      try {
        const membership = this.#node.applyMembership(entry.change);
        this.#proposals.changed(entry, this.#node.seal);
        logger.info({ index: entry.index, membership }, "the managers changed");
      } catch (error) {
        // The same on every member: it changes nothing.
        if (!(error instanceof MembershipChangeError)) throw error;
        logger.error({ error, index: entry.index }, "a change of the managers did not fit");
      }
    }
    this.#announceLead(entries);
    this.#proposals.applied(entries);
    this.#node.applied(entries);
    const last = entries.at(-1) as Entry;
    this.#reads.applied(last.index);
    this.#compactor.applied(last.index);
  }

  /** The lead counts from the term's own first entry on: all before it is applied then. */
  #announceLead(entries: readonly Entry[]): void {
    const { role, term } = this.#node.status;
    if (role !== "leader" || this.#leadership.kind === "leader") return;
    if (!entries.some((entry) => entry.term === term)) return;
    this.#giveUp?.cancel();
    this.#leadership = { kind: "leader", term };
    this.#options.stateMachine.leadershipChanged(this.#leadership);
    this.#opening?.resolve();
  }

  #roleChanged(): void {
    const { role, term, leader } = this.#node.status;
    this.#options.logger.info({ role, term, leader }, "consensus: the roles changed");
    if (role === "leader") return;
    const led = this.#leadership.kind === "leader";
    this.#leadership = { kind: "follower", term };
    if (!led) return;
    this.#options.stateMachine.leadershipChanged(this.#leadership);
    this.#proposals.dropWaiting(notLeading());
    this.#giveUp = this.#options.clock.after(UNKNOWN_AFTER_MS, () => {
      this.#proposals.giveUp(new OutcomeUnknownError("this manager lost the lead"));
    });
  }

  #send(messages: readonly Message[]): void {
    const plain = messages.filter((message) => message.kind !== "snapshot");
    if (plain.length > 0) this.#options.peers.send(plain);
    for (const message of messages) {
      if (message.kind === "snapshot") this.#exchange.send(message);
    }
  }

  #written({ then, receipt }: Write): void {
    const { id } = this.#options;
    const toOthers = then.filter(({ to }) => to !== id);
    if (toOthers.length > 0) this.#options.peers.send(toOthers);
    for (const message of then) if (message.to === id) this.#node.step(message);
    if (receipt !== undefined) this.#node.written(receipt);
    if (this.#room === "full") this.#roomChanged("enough");
    this.#wake();
  }

  async #install(snapshot: SnapshotId, follows: AppendRequest): Promise<void> {
    await this.#exchange.install(snapshot, follows);
    this.#compactor.installed(snapshot.index);
    this.#proposals.skippedTo(snapshot);
  }

  /** @throws TryAgainError while the state is older than the membership. */
  #membershipOfState(): Membership {
    if (!this.#node.awaitsSnapshot) return this.#node.status.membership;
    throw new TryAgainError("another manager's state is being taken over");
  }

  #roomChanged(room: "full" | "enough"): void {
    this.#room = room;
    if (room === "enough") return;
    this.#opening?.reject(this.#noRoom());
    this.#proposals.giveUp(new OutcomeUnknownError(this.#noRoom().message));
    this.giveAwayLead();
  }

  #noRoom(): TryAgainError {
    const { dir } = this.#options;
    return new TryAgainError(`no room for the log in ${dir}; free some space, then try again`);
  }

  /** The disk is not to be trusted, or we are not: the log itself has told of the former. */
  #failed(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#failure = error;
    this.#opening?.reject(error);
    this.#proposals.dropWaiting(error);
    this.#proposals.giveUp(error);
    if (!(error instanceof StorageFailedError)) this.#options.onFatal(error);
  }
}
