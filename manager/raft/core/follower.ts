/** Follows: takes the leader's entries, and calls for an election when it hears of none. */
import { electionDue } from "./election-clock.js";
import type { MemberState } from "./member-state.js";
import type { Append, EntryId, Message, SnapshotId } from "./message.js";
import type { Role, Transition } from "./role.js";

export class Follower implements Role {
  readonly kind = "follower";
  readonly #state: MemberState;

  constructor(state: MemberState) {
    this.#state = state;
  }

  tick(): Transition {
    return electionDue(this.#state);
  }

  step(message: Message): Transition {
    switch (message.kind) {
      case "append":
        this.#heard(message);
        this.#append(message);
        return undefined;
      case "heartbeat":
        this.#heard(message);
        this.#state.log.commitTo(message.commit);
        this.#state.send(message.from, { kind: "heartbeat-reply", read: message.read });
        return undefined;
      case "snapshot":
        this.#heard(message);
        this.#restore(message.snapshot);
        this.#state.promise(message.from, {
          kind: "append-accepted",
          index: this.#state.log.committedIndex,
        });
        return undefined;
      case "timeout-now":
        return { become: "candidate", call: "transfer" };
      case "read-reply":
        this.#state.reads.push({ request: message.request, index: message.index });
        return undefined;
      default:
        return undefined;
    }
  }

  #heard({ from }: Message): void {
    this.#state.electionElapsedTicks = 0;
    this.#state.leader = from;
  }

  #append({ from, previous, entries, commit }: Append & Message): void {
    const { log } = this.#state;
    // What is committed is the same everywhere: no need to look at it again.
    if (previous.index < log.committedIndex) {
      this.#state.promise(from, { kind: "append-accepted", index: log.committedIndex });
      return;
    }
    const agreedIndex = log.appendAfter(previous, entries);
    if (agreedIndex === undefined) {
      this.#state.promise(from, {
        kind: "append-rejected",
        index: previous.index,
        hint: this.#hint(previous),
      });
      return;
    }
    log.commitTo(Math.min(commit, agreedIndex));
    this.#state.promise(from, { kind: "append-accepted", index: agreedIndex });
  }

  #hint(previous: EntryId): EntryId {
    const { log } = this.#state;
    return log.mayAgreeAt({
      term: previous.term,
      index: Math.min(previous.index, log.lastIndex),
    });
  }

  /**
   * Where the log has the snapshot's last entry already, the snapshot only tells of a commit. One
   * without us is as good as any: it is older than the change that took us in, which follows.
   */
  #restore(snapshot: SnapshotId): void {
    const { log } = this.#state;
    if (snapshot.index <= log.committedIndex) return;
    if (log.has(snapshot)) {
      log.commitTo(snapshot.index);
      return;
    }
    log.restore(snapshot);
    this.#state.membership = snapshot.membership;
  }
}
