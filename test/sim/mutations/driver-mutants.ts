/** Deliberate bugs in what drives the core: proposals, reads, writes, snapshots, a restart. */
import type { Mutant } from "./mutant.js";

const RAFT = "manager/raft";

export const DRIVER_MUTANTS: readonly Mutant[] = [
  {
    name: "the vote is forgotten at a restart",
    file: `${RAFT}/recover-member.ts`,
    find: "hardState: { term, vote } } };",
    replace: "hardState: { term, vote: undefined as typeof vote } } };",
    caughtBy: "simulation",
  },
  {
    name: "the term is forgotten at a restart",
    file: `${RAFT}/recover-member.ts`,
    find: "hardState: { term, vote } } };",
    replace: "hardState: { term: Math.max(1, term - 1), vote } } };",
    caughtBy: "simulation",
  },
  {
    name: "the membership is forgotten at a restart from a snapshot",
    file: `${RAFT}/recover-member.ts`,
    find: "if (file !== undefined) membership = await snapshots.membershipOf(file);",
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "a snapshot holds no membership",
    file: `${RAFT}/snapshot-stream.ts`,
    find: "yield new TextEncoder().encode(membershipToText(membership));",
    replace:
      "yield new TextEncoder().encode(membershipToText({ ...membership, voters: membership.voters.slice(0, 1) }));",
    caughtBy: "simulation",
  },
  {
    name: "changes since the snapshot are forgotten at a restart",
    file: `${RAFT}/recover-member.ts`,
    find: "membership = changes.reduce(withChange, membership);",
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "a restart applies all of the log, committed or not",
    file: `${RAFT}/recover-member.ts`,
    find: "const upTo = Math.min(committed, log.lastIndex);",
    replace: "const upTo = Math.max(Math.min(committed, log.lastIndex), log.lastIndex);",
    caughtBy: "simulation",
  },
  {
    name: "writes are reported before they are durable",
    file: `${RAFT}/write-queue.ts`,
    find: 'item.state = "handed";',
    replace: 'item.state = "handed"; this.#options.onWritten(item.write); item.reported = true;',
    caughtBy: "simulation",
  },
  {
    name: "the commit index is not written with the next entries",
    file: `${RAFT}/write-queue.ts`,
    find: "this.#hardState = write.hardState ?? this.#hardState;",
    replace: "this.#hardState = write.mustSync ? write.hardState : undefined;",
    caughtBy: "simulation",
  },
  {
    name: "entries that come together with a snapshot are not written",
    file: `${RAFT}/snapshot-exchange.ts`,
    find: "await log.append({ restart: { index, term }, ...follows });",
    replace:
      "await log.append(follows.hardState ? { restart: { index, term }, hardState: follows.hardState } : { restart: { index, term } });",
    caughtBy: "simulation",
  },
  {
    name: "the log is not begun anew after an installed snapshot",
    file: `${RAFT}/snapshot-exchange.ts`,
    find: "await log.append({ restart: { index, term }, ...follows });",
    replace: "if (follows.hardState) await log.append({ hardState: follows.hardState });",
    caughtBy: "simulation",
  },
  {
    name: "an install that a crash cut short is not finished",
    file: `${RAFT}/recover-member.ts`,
    find: "await finishInstall(log, snapshots);",
    replace: "void finishInstall;",
    caughtBy: "simulation",
  },
  {
    name: "a snapshot is written over one that is not installed yet",
    file: `${RAFT}/snapshot-exchange.ts`,
    find: "if (this.#receiving || this.#options.awaitsInstall()) {",
    replace: "if (this.#receiving) {",
    caughtBy: "simulation",
  },
  {
    name: "an install that is tried again finds its file gone",
    file: `${RAFT}/snapshots.ts`,
    find: "if (this.#kept.some(isThere)) return;",
    replace: "void isThere;",
    caughtBy: "manager/raft/snapshots.test.ts",
  },
  {
    name: "a snapshot is taken while another member's is being installed",
    file: `${RAFT}/raft-member.ts`,
    find: "if (!this.#node.awaitsSnapshot) return this.#node.status.membership;",
    replace: "if (this.#node.status.term >= 0) return this.#node.status.membership;",
    caughtBy: "manager/raft/snapshot-exchange.test.ts",
  },
  {
    name: "an older snapshot of its own takes the place of an installed one",
    file: `${RAFT}/snapshot-exchange.ts`,
    find: "if (snapshot.index > (this.#latest?.index ?? 0)) this.#latest = snapshot;",
    replace: "this.#latest = snapshot;",
    caughtBy: "manager/raft/snapshot-exchange.test.ts",
  },
  {
    name: "whatever is committed at its place answers a proposal",
    file: `${RAFT}/pending-proposals.ts`,
    find: "if (term > this.#term) this.#dropBefore(term);\n    const waiting = this.#waiting.get(index);",
    replace:
      "const waiting = this.#waiting.get(index);\n    if (waiting) waiting.resolve({ index, term: waiting.term });",
    caughtBy: "simulation",
  },
  {
    name: "proposals of a lost term wait for their places to be filled",
    file: `${RAFT}/pending-proposals.ts`,
    find: "if (term > this.#term) this.#dropBefore(term);",
    replace: "",
    caughtBy: "manager/raft/pending-proposals.test.ts",
  },
  {
    name: "proposals of unknown outcome are said to be dropped",
    file: `${RAFT}/raft-member.ts`,
    find: 'this.#proposals.giveUp(new OutcomeUnknownError("this manager lost the lead"));',
    replace: 'this.#proposals.giveUp(new ProposalDroppedError("this manager lost the lead"));',
    caughtBy: "simulation",
  },
  {
    name: "proposals are answered before they are applied",
    file: `${RAFT}/raft-member.ts`,
    find: "stateMachine.apply(entries.map(toCommitted));",
    replace:
      "this.#proposals.applied(entries); this.#defer(() => stateMachine.apply(entries.map(toCommitted)));",
    caughtBy: "simulation",
  },
  {
    name: "entries are applied again after an installed snapshot",
    file: `${RAFT}/core/log.ts`,
    find: "this.#applyingIndex = Math.max(this.#applyingIndex, index);",
    replace: "this.#applyingIndex = Math.max(this.#applyingIndex, index - 1);",
    caughtBy: "simulation",
  },
  {
    name: "a read does not wait for the state to get there",
    file: `${RAFT}/pending-reads.ts`,
    find: "const ready = this.#answered.filter((answer) => answer.index <= index);",
    replace: "const ready = this.#answered.filter((answer) => answer.index <= index + 1e9);",
    caughtBy: "simulation",
  },
  {
    name: "a read joins a question that was asked before it",
    file: `${RAFT}/pending-reads.ts`,
    find: "    const { reads } = this.#current;\n",
    replace:
      "    const reads = new Set([...this.#current.reads, ...this.#next]);\n    this.#next = new Set();\n",
    caughtBy: "simulation",
  },
  {
    name: "a change of the managers is answered before it lasts",
    file: `${RAFT}/raft-member.ts`,
    find: "this.#proposals.changed(entry, this.#node.seal);\n",
    replace: "",
    caughtBy: "test/sim/raft/removal.sim.test.ts",
  },
  {
    name: "a leader whose disk is full keeps the lead",
    file: `${RAFT}/raft-member.ts`,
    find: "    this.giveAwayLead();\n  }\n\n  #noRoom",
    replace: "  }\n\n  #noRoom",
    caughtBy: "test/sim/raft/full-disk.sim.test.ts",
  },
];
