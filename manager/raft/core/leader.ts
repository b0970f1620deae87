/**
 * Leads: takes proposals, replicates them, says what is committed, answers reads, and hands the
 * lead on when asked. It lives for one term.
 */
import { assertNever } from "../../../shared/errors/assert.js";
import type { MemberId } from "./member-id.js";
import type { MemberState } from "./member-state.js";
import { isJoint, type MembershipChange, votersOf } from "./membership.js";
import {
  type AppendAccepted,
  type AppendRejected,
  type Entry,
  type EntryId,
  type Message,
  payloadBytes,
} from "./message.js";
import type { Progress } from "./progress.js";
import { type ReadRequest, ReadRequests } from "./read-requests.js";
import { Replication } from "./replication.js";
import type { Role, Transition } from "./role.js";

/** What is proposed: entries without a place. */
export type Proposal =
  | { readonly kind: "data"; readonly data: Uint8Array }
  | { readonly kind: "membership"; readonly change: MembershipChange };

/** Why a proposal was not taken; nothing of it will ever be committed. */
export type Refusal =
  | "no-leader"
  /** The lead is being handed on. */
  | "transferring"
  /** Too much is proposed and not committed. */
  | "too-much"
  /** An earlier change is not applied yet. */
  | "change-pending"
  /** A joint membership has to be left first. */
  | "joint"
  | "not-joint";

/** `index` of the first of the entries; all are of `term`. */
export type ProposalOutcome =
  | { readonly kind: "appended"; readonly term: number; readonly index: number }
  | { readonly kind: "refused"; readonly why: Refusal };

export class Leader implements Role {
  readonly kind = "leader";
  readonly replication: Replication;
  readonly #state: MemberState;
  readonly #reads = new ReadRequests();
  #heartbeatElapsedTicks = 0;
  #transferee: MemberId | undefined;
  /** Up to here there may be a change of the membership that is not applied. */
  #changeIndex: number;
  #uncommittedBytes = 0;
  /** Who has this entry knows of the last change of the membership. */
  #sealIndex = 0;

  constructor(state: MemberState) {
    this.#state = state;
    this.replication = new Replication(state);
    this.#changeIndex = state.log.lastIndex;
    // Commits, once it is, everything that earlier terms have left (paper, 5.4.2).
    this.#append([{ kind: "data", data: new Uint8Array() }]);
  }

  /** Undefined before the first change of the membership in this term. */
  get seal(): EntryId | undefined {
    if (this.#sealIndex === 0) return undefined;
    return { term: this.#state.term, index: this.#sealIndex };
  }

  get transferee(): MemberId | undefined {
    return this.#transferee;
  }

  tick(): Transition {
    const { settings } = this.#state;
    this.#heartbeatElapsedTicks++;
    this.#state.electionElapsedTicks++;
    if (this.#state.electionElapsedTicks >= settings.electionTicks) {
      this.#state.electionElapsedTicks = 0;
      const quorum = settings.variant.checkQuorum ? this.replication.checkQuorum() : "heard";
      if (quorum === "silent") return { become: "follower", leader: undefined };
      // Whoever has not taken the lead by now does not get it.
      this.#transferee = undefined;
    }
    if (this.#heartbeatElapsedTicks >= settings.heartbeatTicks) {
      this.#heartbeatElapsedTicks = 0;
      this.replication.heartbeatToAll(this.#reads.newest);
    }
    return undefined;
  }

  step(message: Message): Transition {
    if (message.kind === "read-request") {
      this.read({ from: message.from, request: message.request });
      return undefined;
    }
    const progress = this.replication.of(message.from);
    if (progress === undefined) return undefined;
    switch (message.kind) {
      case "append-accepted":
        progress.active = "heard";
        this.#accepted(message.from, progress, message);
        return this.#stepDownIfRemoved();
      case "append-rejected":
        progress.active = "heard";
        this.#rejected(message.from, progress, message);
        return undefined;
      case "heartbeat-reply":
        progress.active = "heard";
        this.#alive(message.from, progress, message.read);
        return undefined;
      default:
        return undefined;
    }
  }

  propose(proposals: readonly Proposal[]): ProposalOutcome {
    const { log, term } = this.#state;
    if (!this.#isVoter) return { kind: "refused", why: "no-leader" };
    if (this.#transferee !== undefined) return { kind: "refused", why: "transferring" };
    const index = log.lastIndex + 1;
    const why = this.#refusal(proposals) ?? this.#append(proposals);
    if (why !== undefined) return { kind: "refused", why };
    this.replication.appendToAll();
    return { kind: "appended", term, index };
  }

  read(read: ReadRequest): void {
    const { log, term } = this.#state;
    // Before the first entry of the term is committed, an earlier leader may have committed more.
    if (log.term(log.committedIndex) !== term) this.#reads.postpone(read);
    else this.#confirm(read);
  }

  transfer(to: MemberId): void {
    const progress = this.replication.of(to);
    if (progress === undefined || progress.learner || this.#transferee === to) return;
    this.#transferee = undefined;
    if (to === this.#state.id) return;
    // It has as long as an election takes.
    this.#state.electionElapsedTicks = 0;
    this.#transferee = to;
    if (progress.matchIndex === this.#state.log.lastIndex) {
      this.#state.send(to, { kind: "timeout-now" });
    } else {
      this.replication.append(to, "also-empty");
    }
  }

  unreachable(id: MemberId): void {
    const progress = this.replication.of(id);
    // What is in flight is most likely lost.
    if (progress?.state === "replicate") progress.probe();
  }

  snapshotSent(id: MemberId, outcome: "arrived" | "failed"): void {
    const progress = this.replication.of(id);
    if (progress?.state !== "snapshot") return;
    if (outcome === "arrived") progress.probe();
    else progress.snapshotFailed();
    // The next word comes from the member, or with the next heartbeat.
    progress.pause();
  }

  /** Applied, up to `index`. */
  applied(entries: readonly Entry[]): void {
    const bytes = entries.reduce((sum, entry) => sum + payloadBytes(entry), 0);
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - bytes);
  }

  /** A joint membership that leaves itself is left as soon as it is applied, by whoever leads. */
  leaveJointIfDue(): void {
    const { membership, log } = this.#state;
    if (!membership.autoLeave || log.appliedIndex < this.#changeIndex) return;
    // Refused while the lead is handed on: then the next leader does it, or the next entry.
    this.propose([{ kind: "membership", change: { kind: "leave-joint" } }]);
  }

  membershipChanged(): Transition {
    const { membership } = this.#state;
    this.replication.membershipChanged();
    this.#seal();
    if (!this.#isVoter) return this.#stepDownIfRemoved();
    // A smaller quorum may have more; who is new need not wait for a heartbeat.
    if (!this.#commit()) this.replication.probeAll();
    this.#answerConfirmed();
    if (this.#transferee !== undefined && !votersOf(membership).includes(this.#transferee)) {
      this.#transferee = undefined;
    }
    return undefined;
  }

  get #isVoter(): boolean {
    const { id, membership } = this.#state;
    return votersOf(membership).includes(id);
  }

  /** See `RaftVariant`. */
  #seal(): void {
    if (!this.#state.settings.variant.sealChanges) return;
    this.#append([{ kind: "data", data: new Uint8Array() }]);
    this.#sealIndex = this.#state.log.lastIndex;
    this.replication.appendToAll();
  }

  #stepDownIfRemoved(): Transition {
    const { log, settings } = this.#state;
    if (!settings.variant.stepDownOnRemoval || this.#isVoter) return undefined;
    if (log.committedIndex < this.#sealIndex) return undefined;
    return { become: "follower", leader: undefined };
  }

  #accepted(from: MemberId, progress: Progress, { index }: AppendAccepted): void {
    const { log, id } = this.#state;
    const news = progress.accepted(index);
    if (!news && !(progress.matchIndex === index && progress.state === "probe")) return;
    switch (progress.state) {
      case "probe":
        progress.replicate();
        break;
      case "snapshot":
        // Whatever it was that brought it here: from here on the log has what it needs.
        if (progress.matchIndex + 1 >= log.firstIndex) progress.replicate();
        break;
      case "replicate":
        progress.inFlight.acknowledged(index);
        break;
      default:
        assertNever(progress.state);
    }
    if (!this.#commit() && from !== id && progress.wantsCommit(log.committedIndex)) {
      this.replication.append(from, "also-empty");
    }
    if (from === id) return;
    this.replication.appendAll(from);
    if (from === this.#transferee && progress.matchIndex === log.lastIndex) {
      this.#state.send(from, { kind: "timeout-now" });
    }
  }

  #rejected(from: MemberId, progress: Progress, { index, hint }: AppendRejected): void {
    // Our terms above the member's cannot agree either: at most one probe for each term.
    const next = hint.term > 0 ? this.#state.log.mayAgreeAt(hint).index : hint.index;
    if (!progress.rejected(index, next)) return;
    if (progress.state === "replicate") progress.probe();
    this.replication.append(from, "also-empty");
  }

  #alive(from: MemberId, progress: Progress, read: number): void {
    const { log } = this.#state;
    progress.resume();
    if (progress.matchIndex < log.lastIndex || progress.state === "probe") {
      this.replication.append(from, "also-empty");
    }
    if (read === 0) return;
    this.#reads.confirm(from, read);
    this.#answerConfirmed();
  }

  /** @returns whether more is committed than before. */
  #commit(): boolean {
    if (!this.replication.commit()) return false;
    for (const read of this.#reads.takePostponed()) this.#confirm(read);
    this.replication.appendToAll();
    return true;
  }

  #confirm(read: ReadRequest): void {
    this.#reads.add(read, this.#state.log.committedIndex);
    this.#reads.confirm(this.#state.id, this.#reads.newest);
    this.#answerConfirmed();
    // Where its own word is enough, nobody else is asked.
    if (this.#reads.newest > 0) this.replication.heartbeatToAll(this.#reads.newest);
  }

  #answerConfirmed(): void {
    for (const read of this.#reads.takeConfirmed(this.#state.membership)) {
      this.#answer(read, read.index);
    }
  }

  #answer({ from, request }: ReadRequest, index: number): void {
    if (from === this.#state.id) this.#state.reads.push({ request, index });
    else this.#state.send(from, { kind: "read-reply", request, index });
  }

  /** At most one change is under way, and it fits what is applied. */
  #refusal(proposals: readonly Proposal[]): Refusal | undefined {
    const change = proposals.find((proposal) => proposal.kind === "membership")?.change;
    if (change === undefined || !this.#state.settings.variant.checkChanges) return undefined;
    if (this.#changeIndex > this.#state.log.appliedIndex) return "change-pending";
    const joint = isJoint(this.#state.membership);
    if (joint && change.kind !== "leave-joint") return "joint";
    return !joint && change.kind === "leave-joint" ? "not-joint" : undefined;
  }

  #append(proposals: readonly Proposal[]): Refusal | undefined {
    const { log, term, id } = this.#state;
    const first = log.lastIndex + 1;
    const entries = proposals.map((proposal, i) => ({ ...proposal, term, index: first + i }));
    const bytes = entries.reduce((sum, entry) => sum + payloadBytes(entry), 0);
    const limit = this.#state.settings.limits.uncommittedBytes;
    // Without payload it is never refused: a term's first entry, a change of the membership.
    if (this.#uncommittedBytes > 0 && bytes > 0 && this.#uncommittedBytes + bytes > limit) {
      return "too-much";
    }
    this.#uncommittedBytes += bytes;
    const change = entries.findLast((entry) => entry.kind === "membership");
    if (change !== undefined) this.#changeIndex = change.index;
    log.append(entries);
    // The leader's own disk counts like anyone's: only once it has them.
    this.#state.promise(id, { kind: "append-accepted", index: log.lastIndex });
    return undefined;
  }
}
