/**
 * What is known of a run from outside, and what it must agree with: which entries were chosen, who
 * led which term, what became of each proposal. The first thing that does not fit is kept as the
 * violation; the run ends there.
 */
import { createHash } from "node:crypto";

import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { CommittedEntry } from "../../../manager/raft/replicated-log.js";

export interface Violation {
  readonly property: string;
  readonly detail: string;
}

/** `refused`: nothing of it will ever happen. */
export type Outcome = "asked" | "committed" | "refused" | "unknown";

interface ChosenEntry {
  readonly term: number;
  readonly text: string;
  readonly by: MemberId;
  /** It was committed in this term, or before. */
  committedIn: number;
}

export class Facts {
  violation: Violation | undefined;
  /** What is in the log, by index; only what a member has applied. */
  readonly #chosen: (ChosenEntry | undefined)[] = [];
  readonly #leaders = new Map<number, { readonly id: MemberId; readonly lastIndex: number }>();
  /** Of the state after an entry, by its index. */
  readonly #hashes: (number | undefined)[] = [];
  /** Memberships as text, by the index of the entry that made them; in the order of these. */
  readonly #memberships: { readonly index: number; readonly text: string }[] = [];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #places = new Map<string, number>();
  #lastAppliedIndex = 0;
  /** A new cluster begins in its first. */
  #electedTerm = 1;

  violated(property: string, detail: string): void {
    this.violation ??= { property, detail };
  }

  /** The last entry that any member has applied. */
  get lastAppliedIndex(): number {
    return this.#lastAppliedIndex;
  }

  get lastAppliedTerm(): number {
    return this.#chosen[this.#lastAppliedIndex]?.term ?? 0;
  }

  /**
   * @param text what the entry says; empty for those of consensus itself.
   * @param inTerm of who applied it.
   */
  applied(by: MemberId, { index, term }: CommittedEntry, text: string, inTerm: number): void {
    const chosen = this.#chosen[index];
    if (chosen === undefined) {
      this.#chosen[index] = { term, text, by, committedIn: inTerm };
      this.#newlyChosen(by, index, term, text);
    } else if (chosen.term !== term || chosen.text !== text) {
      this.violated(
        "committed logs agree",
        `entry ${index} is ${term}:${text} at ${by}, ${chosen.term}:${chosen.text} at ${chosen.by}`,
      );
    } else if (inTerm < chosen.committedIn) chosen.committedIn = inTerm;
    else return;
    for (const [later, { id, lastIndex }] of this.#leaders) {
      if (later > inTerm) this.#checkLeader(id, later, lastIndex, index);
    }
  }

  stateIs(at: MemberId, index: number, hash: number): void {
    const known = this.#hashes[index];
    if (known === undefined) this.#hashes[index] = hash;
    else if (known !== hash) {
      this.violated("states agree", `after entry ${index}, ${at} has ${hash}, others ${known}`);
    }
  }

  leads(id: MemberId, term: number, lastIndex: number): void {
    const known = this.#leaders.get(term);
    if (known !== undefined) {
      if (known.id === id) return;
      this.violated("one leader per term", `${known.id} and ${id} lead term ${term}`);
      return;
    }
    this.#leaders.set(term, { id, lastIndex });
    const last = this.#chosen.findLastIndex((entry) => (entry?.committedIn ?? term) < term);
    this.#checkLeader(id, term, lastIndex, last);
  }

  /** An election was called. */
  elects(term: number): void {
    this.#electedTerm = Math.max(this.#electedTerm, term);
  }

  isIn(id: MemberId, term: number): void {
    if (term <= this.#electedTerm) return;
    const detail = `${id} is in term ${term}; the last election is of term ${this.#electedTerm}`;
    this.violated("only elections make terms", detail);
  }

  membershipChanged(by: MemberId, index: number, text: string): void {
    const known = this.#memberships.find((change) => change.index === index);
    if (known === undefined) {
      this.#memberships.push({ index, text });
      this.#memberships.sort((a, b) => a.index - b.index);
    } else if (known.text !== text) {
      this.violated(
        "memberships agree",
        `entry ${index} makes ${text} at ${by}, ${known.text} at others`,
      );
    }
  }

  membershipIs(at: MemberId, appliedIndex: number, text: string): void {
    const known = this.#memberships.findLast(({ index }) => index <= appliedIndex);
    if (known !== undefined && known.text !== text) {
      this.violated(
        "memberships agree",
        `after entry ${appliedIndex}, ${at} has ${text}; entry ${known.index} made ${known.text}`,
      );
    }
  }

  /** The newest memberships that any member has applied, as text, in their order. */
  newestMemberships(count: number): readonly string[] {
    return this.#memberships.slice(-count).map(({ text }) => text);
  }

  asked(id: string): void {
    this.#outcomes.set(id, "asked");
  }

  cameTo(id: string, outcome: "refused" | "unknown", why: string): void {
    this.#outcomes.set(id, outcome);
    const at = this.#places.get(id);
    if (outcome === "refused" && at !== undefined) {
      this.violated("what is refused never happens", `${id} is entry ${at}, refused: ${why}`);
    }
  }

  cameToBe(id: string, { index, term }: { readonly index: number; readonly term: number }): void {
    this.#outcomes.set(id, "committed");
    const chosen = this.#chosen[index];
    if (chosen?.term === term && chosen.text === id) return;
    const there = chosen === undefined ? "not applied" : `${chosen.term}:${chosen.text}`;
    this.violated(
      "what is acknowledged is committed",
      `${id} was acknowledged as entry ${index} of term ${term}; that is ${there}`,
    );
  }

  /** Of all that was chosen, and what the run adds. */
  fingerprint(more: string): string {
    let text = more;
    for (const [i, entry] of this.#chosen.entries()) text += `|${i}:${entry?.term}:${entry?.text}`;
    for (const hash of this.#hashes) text += `|${hash}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 16);
  }

  /** Whoever leads has, from the beginning, all that was committed in earlier terms. */
  #checkLeader(id: MemberId, term: number, lastIndex: number, committed: number): void {
    if (lastIndex >= committed) return;
    this.violated(
      "leaders have what is committed",
      `${id} leads term ${term} with ${lastIndex} entries; entry ${committed} is committed`,
    );
  }

  #newlyChosen(by: MemberId, index: number, term: number, text: string): void {
    const before = this.#chosen[index - 1];
    const after = this.#chosen[index + 1];
    if ((before !== undefined && before.term > term) || (after !== undefined && after.term < term))
      this.violated("terms never fall", `entry ${index} of term ${term}, applied by ${by}`);
    this.#lastAppliedIndex = Math.max(this.#lastAppliedIndex, index);
    if (text === "") return;
    const place = this.#places.get(text);
    if (place !== undefined) {
      this.violated("applied exactly once", `${text} is entry ${place} and entry ${index}`);
    }
    this.#places.set(text, index);
    if (!this.#outcomes.has(text)) {
      this.violated("what is committed was proposed", `entry ${index} of term ${term} is ${text}`);
    }
    if (this.#outcomes.get(text) === "refused") {
      this.violated("what is refused never happens", `${text} was refused, and is entry ${index}`);
    }
  }
}
