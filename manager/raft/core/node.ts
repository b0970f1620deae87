/**
 * One member of a Raft cluster, as a state machine: ticks and messages go in, and what is to be
 * written, sent and applied comes out of `takeReady`. It knows no clock, no disk and no network,
 * and the same inputs always give the same outputs.
 *
 * The contract with who drives it:
 * - `messages` may be sent at once; what is in `write.then` only once `write` is durable. It goes
 *   to other members, and to this one itself.
 * - Writes are made durable in the order in which they came, and each is reported by `written`.
 * - Entries are applied in order; for each change of the membership `applyMembership` is called
 *   when its turn comes, and `applied` once all of one `apply` are done.
 */
import { assert } from "../../../shared/errors/assert.js";
import { Candidate } from "./candidate.js";
import { Follower } from "./follower.js";
import { Leader, type Proposal, type ProposalOutcome } from "./leader.js";
import { type ApplyLimits, RaftLog, type StoredLog } from "./log.js";
import type { MemberId } from "./member-id.js";
import { type MemberSettings, MemberState, type Pace } from "./member-state.js";
import { changedMembership, type Membership, type MembershipChange } from "./membership.js";
import {
  type Entry,
  type EntryId,
  type HardState,
  isFromLeader,
  isReply,
  type Message,
  totalBytes,
} from "./message.js";
import type { Progress } from "./progress.js";
import {
  type Ready,
  type RoleNews,
  sameHardState,
  type Write,
  type WriteReceipt,
} from "./ready.js";
import type { ElectionCall, Role, Transition } from "./role.js";

export interface RaftOptions extends MemberSettings {
  readonly stored: StoredLog & {
    readonly hardState: Pick<HardState, "term" | "vote">;
    /** As of `stored.appliedIndex`. */
    readonly membership: Membership;
  };
  readonly apply: ApplyLimits;
}

export interface RaftStatus {
  readonly id: MemberId;
  readonly role: Role["kind"];
  readonly term: number;
  readonly leader: MemberId | undefined;
  readonly membership: Membership;
  readonly committedIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /** Of a leader: to whom it hands the lead. */
  readonly transferee: MemberId | undefined;
  /** Of a leader: what it knows of each member. */
  readonly progress: ReadonlyMap<MemberId, Progress>;
}

export class RaftNode {
  readonly #state: MemberState;
  #role: Role;
  #saidHardState: HardState;
  #saidRole: RoleNews;

  constructor(options: RaftOptions) {
    const { stored, apply, ...settings } = options;
    assert(
      settings.electionTicks > settings.heartbeatTicks,
      "elections must be rarer than heartbeats",
    );
    const log = new RaftLog(stored, apply);
    const { term, vote } = stored.hardState;
    this.#state = new MemberState(settings, { log, term, vote, membership: stored.membership });
    this.#role = this.#follow(undefined);
    this.#saidHardState = this.#state.hardState;
    this.#saidRole = this.#roleNow;
  }

  setPace(pace: Pace): void {
    this.#state.setPace(pace);
  }

  tick(): void {
    this.#become(this.#role.tick());
  }

  /** Calls for an election now. */
  campaign(): void {
    this.#call("due");
  }

  /** @returns why a message was not listened to at all. */
  step(message: Message): "unknown-member" | undefined {
    const { from } = message;
    if (isReply(message) && !this.#state.isMember(from)) return "unknown-member";
    if (message.kind === "vote-request" || message.kind === "vote-reply") {
      this.#learnCommit(message.committed);
    }
    if (message.term > this.#state.term && message.kind !== "read-request") {
      if (!this.#enterTerm(message)) return undefined;
    } else if (message.term < this.#state.term && message.kind !== "read-request") {
      this.#outdated(message);
      return undefined;
    }
    if (message.kind === "vote-request") this.#vote(message);
    else this.#stepRole(message);
    return undefined;
  }

  /** Only a leader takes proposals. All of `proposals` are taken, or none. */
  propose(proposals: readonly Proposal[]): ProposalOutcome {
    if (!(this.#role instanceof Leader)) return { kind: "refused", why: "no-leader" };
    return this.#role.propose(proposals);
  }

  /**
   * The answer comes as a `ReadyRead`, or never: then it is to be asked again, with another name.
   * @returns false where no leader is known.
   */
  read(request: string): boolean {
    const { id, leader } = this.#state;
    if (this.#role instanceof Leader) this.#role.read({ from: id, request });
    else if (leader === undefined) return false;
    else {
      const message = { kind: "read-request", request, from: id, to: leader, term: 0 } as const;
      this.#state.outbox.push(message);
    }
    return true;
  }

  /** Hands the lead to a voter that has all entries; does nothing on who does not lead. */
  transferLead(to: MemberId): void {
    if (this.#role instanceof Leader) this.#role.transfer(to);
  }

  /** A follower that knows better than its silence: its leader is gone. */
  forgetLeader(): void {
    if (this.#role instanceof Follower) this.#state.leader = undefined;
  }

  unreachable(id: MemberId): void {
    if (this.#role instanceof Leader) this.#role.unreachable(id);
  }

  snapshotSent(id: MemberId, outcome: "arrived" | "failed"): void {
    if (this.#role instanceof Leader) this.#role.snapshotSent(id, outcome);
  }

  /** @throws MembershipChangeError */
  applyMembership(change: MembershipChange): Membership {
    this.#state.membership = changedMembership(this.#state.membership, change);
    if (this.#role instanceof Leader) this.#become(this.#role.membershipChanged());
    return this.#state.membership;
  }

  /** The entry behind the change that was applied last, which makes it last; of a leader. */
  get seal(): EntryId | undefined {
    return this.#role instanceof Leader ? this.#role.seal : undefined;
  }

  written({ term, last, snapshot }: WriteReceipt): void {
    // Of an older term: what it wrote may be replaced by a write that is still under way.
    if (last !== undefined && term === this.#state.term) this.#state.log.written(last);
    if (snapshot === undefined) return;
    this.#state.log.installed(snapshot.index);
    this.#applied(snapshot.index, []);
  }

  applied(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last !== undefined) this.#applied(last.index, entries);
  }

  /** Forgets the entries up to `index`, which must be applied; a snapshot tells of them. */
  compact(index: number): void {
    this.#state.log.compact(index);
  }

  /** One was taken over and is not written yet: its data is not to be replaced until then. */
  get awaitsSnapshot(): boolean {
    return this.#state.log.awaitsSnapshot;
  }

  get hasReady(): boolean {
    const { outbox, promises, reads, log, hardState } = this.#state;
    return (
      outbox.length > 0 ||
      promises.length > 0 ||
      reads.length > 0 ||
      log.hasNews ||
      log.hasApplicable ||
      !sameHardState(hardState, this.#saidHardState) ||
      this.#roleNews !== undefined
    );
  }

  /** What is to be done. It counts as done from here on, in the order of the calls. */
  takeReady(): Ready {
    const { outbox: messages, reads, log } = this.#state;
    const role = this.#roleNews;
    const apply = log.applicable;
    const write = this.#takeWrite();
    if (role !== undefined) this.#saidRole = role;
    this.#state.outbox = [];
    this.#state.reads = [];
    log.applying(apply);
    return { role, reads, messages, write, apply };
  }

  get status(): RaftStatus {
    const { id, term, leader, membership, log } = this.#state;
    const { committedIndex, appliedIndex, lastIndex } = log;
    const role = this.#role;
    const led =
      role instanceof Leader
        ? { transferee: role.transferee, progress: role.replication.members }
        : { transferee: undefined, progress: new Map<MemberId, Progress>() };
    const indexes = { committedIndex, appliedIndex, lastIndex };
    return { id, role: role.kind, term, leader, membership, ...indexes, ...led };
  }

  #takeWrite(): Write | undefined {
    const { log, hardState, promises, term } = this.#state;
    const { entries, snapshot } = log.unwritten;
    const changed = !sameHardState(hardState, this.#saidHardState);
    const idle = entries.length === 0 && snapshot === undefined && promises.length === 0;
    if (idle && !changed) return undefined;
    const before = this.#saidHardState;
    const mustSync =
      entries.length > 0 || before.term !== hardState.term || before.vote !== hardState.vote;
    // Not only of what is written now: an earlier receipt may have been void, its term over.
    const last = log.hasUnwritten ? log.last : undefined;
    const receipt =
      last === undefined && snapshot === undefined ? undefined : { term, last, snapshot };
    if (changed) this.#saidHardState = hardState;
    this.#state.promises = [];
    log.handOut();
    const state = changed ? hardState : undefined;
    return { entries, hardState: state, snapshot, mustSync, then: promises, receipt };
  }

  get #roleNow(): RoleNews {
    return { role: this.#role.kind, leader: this.#state.leader };
  }

  get #roleNews(): RoleNews | undefined {
    const now = this.#roleNow;
    const { role, leader } = this.#saidRole;
    return now.role === role && now.leader === leader ? undefined : now;
  }

  #applied(index: number, entries: readonly Entry[]): void {
    this.#state.log.applied(index, totalBytes(entries));
    if (!(this.#role instanceof Leader)) return;
    this.#role.leaveJointIfDue();
    this.#role.applied(entries);
  }

  /** A message of a later term. @returns whether it is to be listened to. */
  #enterTerm(message: Message): boolean {
    const state = this.#state;
    if (message.kind === "vote-request") {
      const { variant, electionTicks } = state.settings;
      const hasLeader = state.leader !== undefined && state.electionElapsedTicks < electionTicks;
      if (variant.checkQuorum && hasLeader && message.cause !== "transfer") return false;
    }
    // What may become of a pre-vote is no term yet.
    const asksFirst = message.kind === "vote-request" && message.phase === "pre-vote";
    const mayStand =
      message.kind === "vote-reply" && message.phase === "pre-vote" && message.granted;
    if (asksFirst || mayStand) return true;
    state.term = message.term;
    state.vote = undefined;
    this.#role = this.#follow(isFromLeader(message) ? message.from : undefined);
    return true;
  }

  /** What another member knows to be committed is committed here, if it is here. */
  #learnCommit(committed: EntryId): void {
    const { log } = this.#state;
    if (this.#role.kind === "leader" || !log.has(committed)) return;
    log.commitTo(committed.index);
    // Whose votes count may be another matter now.
    const stands = this.#role.kind !== "follower";
    if (stands && this.#hasUnappliedChange) this.#role = this.#follow(undefined);
  }

  /** A message of an earlier term: its sender is told where that is what sets it free. */
  #outdated(message: Message): void {
    const { variant } = this.#state.settings;
    const safeguards = variant.checkQuorum || variant.preVote;
    if (safeguards && (message.kind === "heartbeat" || message.kind === "append")) {
      this.#state.promise(message.from, { kind: "outdated" });
    } else if (message.kind === "vote-request" && message.phase === "pre-vote") {
      const { committed } = this.#state.log;
      const refusal = { kind: "vote-reply", phase: "pre-vote", granted: false, committed } as const;
      this.#state.promise(message.from, refusal);
    }
  }

  #vote(request: Message & { readonly kind: "vote-request" }): void {
    const state = this.#state;
    const { from, phase, term, last } = request;
    const free =
      state.vote === from ||
      (state.vote === undefined && state.leader === undefined) ||
      (phase === "pre-vote" && term > state.term);
    // Who has less than we have may lack what is committed (paper, 5.4.1). A learner votes too:
    // it may be a voter by now, and not know it.
    const granted = free && state.log.isCoveredBy(last);
    const { committed } = state.log;
    const reply = { kind: "vote-reply", phase, granted, committed } as const;
    state.promise(from, reply, granted ? term : state.term);
    if (!granted || phase === "pre-vote") return;
    state.electionElapsedTicks = 0;
    state.vote = from;
  }

  #stepRole(message: Message): void {
    // Whoever leads this term has won it.
    const standing = this.#role.kind === "candidate" || this.#role.kind === "pre-candidate";
    if (standing && isFromLeader(message)) this.#role = this.#follow(message.from);
    this.#become(this.#role.step(message));
  }

  #become(transition: Transition): void {
    switch (transition?.become) {
      case undefined:
        return;
      case "follower":
        this.#role = this.#follow(transition.leader);
        return;
      case "candidate":
        this.#call(transition.call);
        return;
      case "leader":
        this.#lead();
    }
  }

  #follow(leader: MemberId | undefined): Follower {
    this.#state.resetClocks();
    this.#state.leader = leader;
    return new Follower(this.#state);
  }

  #call(call: ElectionCall): void {
    const state = this.#state;
    if (call !== "pre-vote-won" && !this.#mayCampaign) return;
    const phase = call === "due" && state.settings.variant.preVote ? "pre-vote" : "vote";
    state.leader = undefined;
    if (phase === "vote") {
      state.term++;
      state.vote = state.id;
      state.resetClocks();
    }
    const candidate = new Candidate(state, phase);
    this.#role = candidate;
    candidate.campaign(call === "transfer" ? "transfer" : "timeout");
  }

  /** Whose majority counts must be known: a change that is committed has to be applied first. */
  get #mayCampaign(): boolean {
    return this.#state.mayLead && this.#role.kind !== "leader" && !this.#hasUnappliedChange;
  }

  get #hasUnappliedChange(): boolean {
    return this.#state.log.unapplied.some(({ kind }) => kind === "membership");
  }

  #lead(): void {
    assert(this.#role.kind === "candidate", `a ${this.#role.kind} cannot take the lead`);
    this.#state.resetClocks();
    this.#state.leader = this.#state.id;
    const leader = new Leader(this.#state);
    this.#role = leader;
    leader.replication.appendToAll();
  }
}
