/**
 * What a member has in whatever role it is: its term and vote, its log, the membership as far as it
 * is applied, and what is to be sent. The roles (`follower.ts`, `candidate.ts`, `leader.ts`) act on
 * it; only `node.ts` changes the role and the term.
 */
import type { Random } from "../../../shared/ports/random.js";
import type { InFlightLimits } from "./in-flight.js";
import type { RaftLog } from "./log.js";
import type { MemberId } from "./member-id.js";
import { type Membership, membersOf, votersOf } from "./membership.js";
import type { HardState, Message, MessageBody, SnapshotId } from "./message.js";

/** How the protocol is played. Members always play `SAFE_VARIANT`; the others are for traces. */
export interface RaftVariant {
  /** Asks whether an election could be won before disturbing anyone (thesis, 9.6). */
  readonly preVote: boolean;
  /** A leader that hears no quorum gives up; who hears its leader helps no other (thesis, 6.2). */
  readonly checkQuorum: boolean;
  /** A leader that is no voter any more gives up. */
  readonly stepDownOnRemoval: boolean;
  /**
   * An empty entry follows each change of the membership: whoever has it knows, also after a crash,
   * that the change is committed, for the commit index is written with it. Before that a leader
   * that has left does not step down. Else a majority may wait for ever for the vote of somebody
   * who has left, or is lost.
   */
  readonly sealChanges: boolean;
  /** Membership changes that do not fit are refused when they are proposed. */
  readonly checkChanges: boolean;
}

export const SAFE_VARIANT: RaftVariant = {
  preVote: true,
  checkQuorum: true,
  stepDownOnRemoval: true,
  sealChanges: true,
  checkChanges: true,
};

export interface RaftLimits {
  /** Of the entries in one append; one entry may go over it. */
  readonly messageBytes: number;
  /** Appends to one member that are not acknowledged. */
  readonly inFlight: InFlightLimits;
  /** Proposed here and not committed; a single proposal may go over it. */
  readonly uncommittedBytes: number;
}

/** How fast a member plays; another one may be set at any time. */
export interface Pace {
  /** Elections are called for after this to twice this without a leader. Above `heartbeatTicks`. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
}

export interface MemberSettings extends Pace {
  readonly id: MemberId;
  readonly random: Random;
  readonly variant: RaftVariant;
  readonly limits: RaftLimits;
  /** The newest snapshot that can be sent; undefined while there is none. */
  readonly latestSnapshot: () => SnapshotId | undefined;
}

/** A read may be served once everything up to `index` is applied. */
export interface ReadyRead {
  readonly request: string;
  readonly index: number;
}

export class MemberState {
  settings: MemberSettings;
  readonly log: RaftLog;
  term: number;
  vote: MemberId | undefined;
  leader: MemberId | undefined;
  /** Since the leader was heard, or since the last election. */
  electionElapsedTicks = 0;
  electionTimeoutTicks = 0;
  reads: ReadyRead[] = [];
  /** May be sent at once. */
  outbox: Message[] = [];
  /** Promises (votes, acknowledgements): only once what they promise is durable. */
  promises: Message[] = [];
  #membership: Membership;
  #members: ReadonlySet<MemberId>;

  constructor(
    settings: MemberSettings,
    initial: {
      readonly log: RaftLog;
      readonly term: number;
      readonly vote: MemberId | undefined;
      readonly membership: Membership;
    },
  ) {
    this.settings = settings;
    this.log = initial.log;
    this.term = initial.term;
    this.vote = initial.vote;
    this.#membership = initial.membership;
    this.#members = new Set(membersOf(initial.membership));
  }

  get id(): MemberId {
    return this.settings.id;
  }

  get membership(): Membership {
    return this.#membership;
  }

  set membership(membership: Membership) {
    this.#membership = membership;
    this.#members = new Set(membersOf(membership));
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committedIndex };
  }

  isMember(id: MemberId): boolean {
    return this.#members.has(id);
  }

  /** Learners do not stand for election, nor who has yet to install a snapshot. */
  get mayLead(): boolean {
    return votersOf(this.#membership).includes(this.id) && !this.log.awaitsSnapshot;
  }

  send(to: MemberId, body: MessageBody): void {
    this.outbox.push({ ...body, from: this.id, to, term: this.term });
  }

  /** `to` may be this member itself: what it promises to itself counts no earlier either. */
  promise(to: MemberId, body: MessageBody, term = this.term): void {
    this.promises.push({ ...body, from: this.id, to, term });
  }

  /** Safety does not depend on it: only who waits how long for whom. */
  setPace({ electionTicks, heartbeatTicks }: Pace): void {
    const { settings } = this;
    if (electionTicks === settings.electionTicks && heartbeatTicks === settings.heartbeatTicks) {
      return;
    }
    this.settings = { ...settings, electionTicks, heartbeatTicks };
    this.#drawTimeout();
  }

  /** Of a member's life in one role and term. */
  resetClocks(): void {
    this.electionElapsedTicks = 0;
    this.#drawTimeout();
  }

  #drawTimeout(): void {
    const { electionTicks, random } = this.settings;
    this.electionTimeoutTicks = electionTicks + random.below(electionTicks);
  }
}
