/** `skep swarm raft`: who agrees on the swarm's state, and how far each of them is. */
import type { RaftMemberReport, RaftReport } from "../../../shared/docker-api/consensus.js";
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import type { FlagSet } from "../../flags/flag.js";
import { capitalized, humanSize } from "../../output/human.js";
import { LIST_FORMAT_FLAG, type ListView, printList } from "../../output/list-format.js";

interface MemberRow {
  readonly member: RaftMemberReport;
  readonly lastIndex: number;
}

const VIEW: ListView<MemberRow> = {
  fields: {
    Member: { header: "MEMBER", of: ({ member }) => member.memberId },
    Hostname: { header: "HOSTNAME", of: ({ member }) => member.hostname || member.nodeId },
    Address: { header: "ADDRESS", of: ({ member }) => member.address },
    Role: { header: "ROLE", of: ({ member }) => capitalized(member.role) },
    Reachability: { header: "REACHABILITY", of: ({ member }) => capitalized(member.reachability) },
    Match: { header: "MATCH", of: ({ member }) => shown(member.match) },
    Lag: {
      header: "LAG",
      of: ({ member, lastIndex }) => shown(member.match && lastIndex - member.match),
    },
  },
  columns: ["Member", "Hostname", "Address", "Role", "Reachability", "Match", "Lag"],
};

const FLAGS = { format: LIST_FORMAT_FLAG } satisfies FlagSet;

export const raftCommand = defineCommand({
  name: "raft",
  summary: "Show the managers' consensus: members, roles, how far each of them is",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    const report = await client.call<RaftReport>("GET", "/skep/v1/swarm/raft");
    const { lastIndex } = report;
    if (flags.format === undefined) for (const line of summary(report)) printLine(stdout, line);
    const rows = report.members.map((member) => ({ member, lastIndex }));
    await printList(stdout, VIEW, rows, { format: flags.format, ids: "with-columns" });
  },
});

function summary(report: RaftReport): string[] {
  const { committedIndex, lastIndex, log, memberId, role, snapshot, term } = report;
  const taken = snapshot === undefined ? "none yet" : `entry ${snapshot.index}`;
  return [
    `As member ${memberId} (${role}) sees it:`,
    `Term:          ${term}`,
    `Committed:     entry ${committedIndex} of ${lastIndex}`,
    `Log:           from entry ${log.firstIndex} on, ${humanSize(log.bytes)}`,
    `Last snapshot: ${taken}`,
    "",
  ];
}

function shown(count: number | undefined): string {
  return count === undefined ? "" : String(count);
}
