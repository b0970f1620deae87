/** Deliberate bugs in the core of consensus: appends, commits, reads, snapshots. */
import type { Mutant } from "./mutant.js";

const CORE = "manager/raft/core";

export const CORE_MUTANTS: readonly Mutant[] = [
  {
    name: "promises leave before what they promise is durable",
    file: `${CORE}/member-state.ts`,
    find: "this.promises.push({ ...body, from: this.id, to, term });",
    replace:
      "(to === this.id ? this.promises : this.outbox).push({ ...body, from: this.id, to, term });",
    caughtBy: "simulation",
  },
  {
    name: "the leader counts its own entries before they are durable",
    file: `${CORE}/leader.ts`,
    find: "log.append(entries);",
    replace: "log.append(entries); this.replication.of(id)?.accepted(log.lastIndex);",
    caughtBy: "simulation",
  },
  {
    name: "an entry of an older term is committed by counting",
    file: `${CORE}/replication.ts`,
    find: "if (index <= log.committedIndex || !log.has({ term, index })) return false;",
    replace: "if (index <= log.committedIndex || term === 0) return false;",
    caughtBy: "manager/raft/core/paper.test.ts",
  },
  {
    name: "a term begins without an entry of its own",
    file: `${CORE}/leader.ts`,
    find: 'this.#append([{ kind: "data", data: new Uint8Array() }]);\n  }\n\n  /** Undefined',
    replace: "}\n\n  /** Undefined",
    caughtBy: "simulation",
  },
  {
    name: "a removed leader answers reads where one voter is left",
    file: `${CORE}/leader.ts`,
    find: "this.#answerConfirmed();\n    // Where",
    replace:
      "if (this.#state.membership.voters.length === 1) this.#answer(read, this.#state.log.committedIndex);\n    // Where",
    caughtBy: "simulation",
  },
  {
    name: "the only voter answers reads before its term's first commit",
    file: `${CORE}/leader.ts`,
    find: "if (log.term(log.committedIndex) !== term) this.#reads.postpone(read);",
    replace:
      "if (this.#state.membership.voters.length > 1 && log.term(log.committedIndex) !== term) this.#reads.postpone(read);",
    caughtBy: "simulation",
  },
  {
    name: "a read is answered before the term's first commit",
    file: `${CORE}/leader.ts`,
    find: "if (log.term(log.committedIndex) !== term) this.#reads.postpone(read);",
    replace: "if (term === 0) this.#reads.postpone(read);",
    caughtBy: "simulation",
  },
  {
    name: "a heartbeat tells of a commit that its member may not have",
    file: `${CORE}/replication.ts`,
    find: "const commit = Math.min(progress.matchIndex, this.#state.log.committedIndex);",
    replace: "const commit = this.#state.log.committedIndex;",
    caughtBy: "simulation",
  },
  {
    name: "an append commits beyond what it is known to agree on",
    file: `${CORE}/follower.ts`,
    find: "log.commitTo(Math.min(commit, agreedIndex));",
    replace: "log.commitTo(Math.min(commit, log.lastIndex));",
    caughtBy: "manager/raft/core/paper.test.ts",
  },
  {
    name: "an append is taken without looking at what precedes it",
    file: `${CORE}/log.ts`,
    find: "if (!this.has(previous)) return undefined;",
    replace: "if (previous.index > this.lastIndex) return undefined;",
    caughtBy: "simulation",
  },
  {
    name: "an append that comes late cuts off what came since",
    file: `${CORE}/log.ts`,
    find: "const news = entries.findIndex((entry) => !this.has(entry));",
    replace: "const news = entries.findIndex(({ index }) => index > this.committedIndex);",
    caughtBy: "simulation",
  },
  {
    name: "a write of an older term counts as what replaced it",
    file: `${CORE}/node.ts`,
    find: "if (last !== undefined && term === this.#state.term) this.#state.log.written(last);",
    replace:
      "if (last !== undefined && term > 0) this.#state.log.written({ ...last, term: this.#state.log.term(last.index) ?? 0 });",
    caughtBy: "manager/raft/core/paper.test.ts",
  },
  {
    name: "entries are applied while a snapshot is being installed",
    file: `${CORE}/log.ts`,
    find: "if (this.#snapshot !== undefined) return false;",
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "a member is never probed again after a lost append",
    file: `${CORE}/leader.ts`,
    find: "    progress.resume();\n",
    replace: "",
    caughtBy: "simulation",
  },
  {
    name: "a snapshot that broke off counts as arrived",
    file: `${CORE}/leader.ts`,
    find: 'if (outcome === "arrived") progress.probe();\n    else progress.snapshotFailed();',
    replace: 'if (outcome !== "arrived") return;\n    progress.probe();',
    caughtBy: "simulation",
  },
];
