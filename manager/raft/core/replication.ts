/**
 * The leader's sending side: what each member has, and the next append, snapshot or heartbeat to
 * it. What is committed follows from it: what a quorum has of this term (paper, 5.4.2).
 */
import type { MemberId } from "./member-id.js";
import type { MemberState } from "./member-state.js";
import { membersOf } from "./membership.js";
import { totalBytes } from "./message.js";
import { Progress } from "./progress.js";
import { reachedByQuorum, voteResult } from "./quorum.js";

export class Replication {
  readonly #state: MemberState;
  /** In ascending order of the ids. */
  #progress = new Map<MemberId, Progress>();

  /** A term begins: nothing is known of the others' logs. */
  constructor(state: MemberState) {
    this.#state = state;
    this.#follow("silent", state.log.lastIndex + 1);
    const own = this.#progress.get(state.id);
    if (own === undefined) return;
    own.matchIndex = state.log.lastIndex;
    own.replicate();
    own.active = "heard";
  }

  get members(): ReadonlyMap<MemberId, Progress> {
    return this.#progress;
  }

  of(id: MemberId): Progress | undefined {
    return this.#progress.get(id);
  }

  /** Follows the membership; who is new has as long as everyone to be heard. */
  membershipChanged(): void {
    this.#follow("heard", Math.max(this.#state.log.lastIndex, 1));
  }

  /** @returns whether more is committed than before. */
  commit(): boolean {
    const { log, term, membership } = this.#state;
    const index = reachedByQuorum(membership, (id) => this.#progress.get(id)?.matchIndex);
    // An entry of an older term may still be replaced, though a quorum has it (paper, figure 8).
    if (index <= log.committedIndex || !log.has({ term, index })) return false;
    log.commitTo(index);
    return true;
  }

  /** Whether a quorum was heard since the last time; asks anew from here on. */
  checkQuorum(): "heard" | "silent" {
    const voters = [...this.#progress].filter(([, { learner }]) => !learner);
    const heard = new Map(voters.map(([id, { active }]) => [id, active === "heard"]));
    for (const [id, progress] of this.#progress) {
      if (id !== this.#state.id) progress.active = "silent";
    }
    return voteResult(this.#state.membership, heard) === "won" ? "heard" : "silent";
  }

  appendToAll(): void {
    for (const [id] of this.#others()) this.append(id, "also-empty");
  }

  /** What is there for everyone, and nothing where nothing is. */
  probeAll(): void {
    for (const [id] of this.#others()) this.append(id, "not-empty");
  }

  /** As many appends as there are entries for, and room in flight. */
  appendAll(id: MemberId): void {
    while (this.append(id, "not-empty") === "sent");
  }

  /**
   * @param what `also-empty`: a message without entries tells of the commit, and probes.
   */
  append(id: MemberId, what: "also-empty" | "not-empty"): "sent" | "not-sent" {
    const { log, settings } = this.#state;
    const progress = this.#progress.get(id);
    if (progress === undefined || progress.paused) return "not-sent";
    const index = progress.nextIndex - 1;
    const term = log.term(index);
    if (term === undefined) return this.#sendSnapshot(id, progress);
    // With all in flight, an empty message still finds out whether any of it arrived.
    const throttled = progress.state === "replicate" && progress.inFlight.full;
    const entries = throttled
      ? []
      : log.slice(progress.nextIndex, log.lastIndex + 1, settings.limits.messageBytes);
    if (entries.length === 0 && what === "not-empty") return "not-sent";
    const commit = log.committedIndex;
    this.#state.send(id, { kind: "append", previous: { term, index }, entries, commit });
    progress.sent(entries.length, totalBytes(entries));
    progress.sentCommit(commit);
    return "sent";
  }

  /** @param read see `Heartbeat`. */
  heartbeatToAll(read: number): void {
    for (const [id, progress] of this.#others()) {
      // Not beyond what the member is known to have: it must not commit another entry there.
      const commit = Math.min(progress.matchIndex, this.#state.log.committedIndex);
      this.#state.send(id, { kind: "heartbeat", commit, read });
      progress.sentCommit(commit);
    }
  }

  #sendSnapshot(id: MemberId, progress: Progress): "sent" | "not-sent" {
    const snapshot = this.#state.settings.latestSnapshot();
    // Large, and for nothing where nobody listens.
    if (progress.active === "silent" || snapshot === undefined) return "not-sent";
    progress.sendSnapshot(snapshot.index);
    this.#state.send(id, { kind: "snapshot", snapshot });
    return "sent";
  }

  #follow(active: "heard" | "silent", nextIndex: number): void {
    const { membership, settings } = this.#state;
    const known = this.#progress;
    this.#progress = new Map(
      membersOf(membership).map((id) => {
        const learner = membership.learners.includes(id);
        const { inFlight } = settings.limits;
        const progress =
          known.get(id) ?? new Progress({ nextIndex, learner, active, limits: inFlight });
        progress.learner = learner;
        return [id, progress];
      }),
    );
  }

  #others(): readonly (readonly [MemberId, Progress])[] {
    return [...this.#progress].filter(([id]) => id !== this.#state.id);
  }
}
