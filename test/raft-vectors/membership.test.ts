// The published vectors of membership changes, and of what a leader knows of new members.
import { readdirSync } from "node:fs";

import { expect, test } from "vitest";

import { RaftLog } from "../../manager/raft/core/log.js";
import type { MemberId } from "../../manager/raft/core/member-id.js";
import { MemberState, SAFE_VARIANT } from "../../manager/raft/core/member-state.js";
import {
  changeOne,
  enterJoint,
  leaveJoint,
  type Membership,
  MembershipChangeError,
  NO_MEMBERS,
} from "../../manager/raft/core/membership.js";
import { Replication } from "../../manager/raft/core/replication.js";
import { seededRandom } from "../../shared/ports/random.js";
import { describeWithShared } from "../setup/requirements.js";
import { type Case, readCases } from "./data-driven.js";
import { describeMembership, describeProgress } from "./describe-trace.js";
import { parseChanges } from "./member-changes.js";

describeWithShared("vectors of membership changes", "raft-vectors/confchange", (folder) => {
  test.each(readdirSync(folder))("%s", (file) => {
    const cases = readCases(`${folder}/${file}`);
    expect(cases.length).toBeGreaterThan(0);
    const replay = new Replay();
    for (const vector of cases) {
      expect.soft(replay.run(vector), `${file}:${vector.line}`).toBe(vector.expected.trimEnd());
    }
  });
});

/** The vectors' log grows by one entry after each case. */
class Replay {
  readonly #state = emptyState();
  readonly #replication = new Replication(this.#state);

  run(vector: Case): string {
    try {
      this.#state.membership = changed(this.#state.membership, vector);
      this.#replication.membershipChanged();
      const members = describeProgress(this.#replication.members, "all-heard");
      return `${describeMembership(this.#state.membership)}\n${members}`.trimEnd();
    } catch (error) {
      if (error instanceof MembershipChangeError) return error.message;
      throw error;
    } finally {
      const { log } = this.#state;
      log.append([{ kind: "data", data: new Uint8Array(), term: 1, index: log.lastIndex + 1 }]);
    }
  }
}

function changed(membership: Membership, { command, input, options }: Case): Membership {
  const changes = parseChanges(input);
  switch (command) {
    case "simple":
      return changeOne(membership, changes);
    case "enter-joint": {
      const auto = options.get("autoleave")?.[0] === "true";
      return enterJoint(membership, changes, auto ? "auto" : "on-request");
    }
    case "leave-joint":
      return leaveJoint(membership);
    default:
      throw new Error(`no such command: ${command}`);
  }
}

function emptyState(): MemberState {
  const base = { term: 0, index: 0 };
  const stored = { base, entries: [], commitIndex: 0, appliedIndex: 0 };
  const log = new RaftLog(stored, { upTo: "durable", bytes: Infinity });
  return new MemberState(
    {
      id: "nobody" as MemberId,
      electionTicks: 10,
      heartbeatTicks: 1,
      random: seededRandom("membership"),
      variant: SAFE_VARIANT,
      limits: {
        messageBytes: Infinity,
        uncommittedBytes: Infinity,
        inFlight: { messages: 10, bytes: Infinity },
      },
      latestSnapshot: () => undefined,
    },
    { log, term: 1, vote: undefined, membership: NO_MEMBERS },
  );
}
