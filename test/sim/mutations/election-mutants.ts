/** Deliberate bugs in elections and the membership: whose votes count, and what they are worth. */
import type { Mutant } from "./mutant.js";

const CORE = "manager/raft/core";

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    name: "a vote is granted whatever the candidate's log lacks",
    file: `${CORE}/node.ts`,
    find: "const granted = free && state.log.isCoveredBy(last);",
    replace: "const granted = free;",
    caughtBy: "simulation",
  },
  {
    name: "two votes are granted in a term",
    file: `${CORE}/node.ts`,
    find: "(state.vote === undefined && state.leader === undefined) ||",
    replace: "state.leader === undefined ||",
    caughtBy: "simulation",
  },
  {
    name: "a vote that changes within a term is not written",
    file: `${CORE}/node.ts`,
    find: "entries.length > 0 || before.term !== hardState.term || before.vote !== hardState.vote;",
    replace: "entries.length > 0 || before.term !== hardState.term;",
    caughtBy: "simulation",
  },
  {
    name: "half of an even number is a majority",
    file: `${CORE}/quorum.ts`,
    find: "return Math.floor(voters.length / 2) + 1;",
    replace: "return Math.ceil(voters.length / 2);",
    caughtBy: "simulation",
  },
  {
    name: "commits of a joint membership count the new half only",
    file: `${CORE}/quorum.ts`,
    find: "return Math.min(reachedByMajority(voters, reached), reachedByMajority(outgoing, reached));",
    replace: "return outgoing.length >= 0 ? reachedByMajority(voters, reached) : 0;",
    caughtBy: "simulation",
  },
  {
    name: "elections in a joint membership count the new half only",
    file: `${CORE}/quorum.ts`,
    find: "const results = [majorityResult(voters, votes), majorityResult(outgoing, votes)];",
    replace: "const results = outgoing.length >= 0 ? [majorityResult(voters, votes)] : [];",
    caughtBy: "simulation",
  },
  {
    name: "several voters change at once without a joint membership",
    file: `${CORE}/membership.ts`,
    find: 'if (joint === "if-needed" && changes.length <= 1) return changeOne(membership, changes);',
    replace: 'if (joint === "if-needed") return applyChanges(membership, changes);',
    caughtBy: "simulation",
  },
  {
    name: "commits count learners",
    file: `${CORE}/replication.ts`,
    find: "const index = reachedByQuorum(membership, (id)",
    replace:
      "const voters = [...membership.voters, ...membership.learners];\n" +
      "    const index = reachedByQuorum({ ...membership, voters }, (id)",
    caughtBy: "simulation",
  },
  {
    name: "a change is proposed while another is under way",
    file: `${CORE}/leader.ts`,
    find: 'if (this.#changeIndex > this.#state.log.appliedIndex) return "change-pending";',
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "no entry follows a change of the membership",
    file: `${CORE}/leader.ts`,
    find:
      'this.#append([{ kind: "data", data: new Uint8Array() }]);\n' +
      "    this.#sealIndex = this.#state.log.lastIndex;",
    replace: "this.#sealIndex = this.#changeIndex;",
    caughtBy: "simulation",
  },
  {
    name: "votes do not tell what is committed",
    file: `${CORE}/node.ts`,
    find: 'if (this.#role.kind === "leader" || !log.has(committed)) return;',
    replace: "if (committed.index >= 0) return;",
    caughtBy: "simulation",
  },
  {
    name: "a snapshot from before its own joining is refused by a new member",
    file: `${CORE}/follower.ts`,
    find: "if (snapshot.index <= log.committedIndex) return;",
    replace:
      "if (snapshot.index <= log.committedIndex) return;\n" +
      "    const { voters, outgoing, learners } = snapshot.membership;\n" +
      "    if (![...voters, ...outgoing, ...learners].includes(this.#state.id)) return;",
    caughtBy: "simulation",
  },
  {
    name: "a pre-vote raises the term of who is asked",
    file: `${CORE}/node.ts`,
    find: "if (asksFirst || mayStand) return true;",
    replace: "if (mayStand) return true;",
    caughtBy: "simulation",
  },
  {
    name: "nobody asks before an election",
    file: `${CORE}/member-state.ts`,
    find: "preVote: true,",
    replace: "preVote: false,",
    caughtBy: "simulation",
  },
  {
    name: "a leader that hears nobody goes on",
    file: `${CORE}/leader.ts`,
    find: 'if (quorum === "silent") return { become: "follower", leader: undefined };',
    replace: 'if (quorum === "none") return { become: "follower", leader: undefined };',
    caughtBy: "simulation",
  },
  {
    name: "a read is answered without asking a majority",
    file: `${CORE}/leader.ts`,
    find: "else this.#confirm(read);",
    replace: "else this.#answer(read, log.committedIndex);",
    caughtBy: "simulation",
  },
];
