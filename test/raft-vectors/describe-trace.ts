/** Prints what members do in the words of the published traces, to be compared line by line. */
import type { MemberId } from "../../manager/raft/core/member-id.js";
import type { Membership } from "../../manager/raft/core/membership.js";
import type { Entry, HardState, Message, SnapshotId } from "../../manager/raft/core/message.js";
import type { Progress } from "../../manager/raft/core/progress.js";
import type { Ready, Write, WriteReceipt } from "../../manager/raft/core/ready.js";
import type { Role } from "../../manager/raft/core/role.js";
import { describeChanges } from "./member-changes.js";

/** Whatever is under way in a trace: between members, or between one and its own storage. */
export type TraceMessage =
  | { readonly kind: "peer"; readonly message: Message }
  | { readonly kind: "append"; readonly from: MemberId; readonly write: Write }
  | { readonly kind: "appended"; readonly to: MemberId; readonly receipt: WriteReceipt }
  | { readonly kind: "apply"; readonly from: MemberId; readonly entries: readonly Entry[] }
  | { readonly kind: "applied"; readonly to: MemberId; readonly entries: readonly Entry[] };

const STATE_NAMES = {
  follower: "StateFollower",
  candidate: "StateCandidate",
  "pre-candidate": "StatePreCandidate",
  leader: "StateLeader",
} as const satisfies Record<Role["kind"], string>;

const PROGRESS_NAMES = {
  probe: "StateProbe",
  replicate: "StateReplicate",
  snapshot: "StateSnapshot",
} as const;

/** The traces' entries say of which of two kinds a membership change is; ours are of one. */
const oldStyleChanges = new WeakSet();

export function markOldStyle(change: object): void {
  oldStyleChanges.add(change);
}

export function stateName(role: Role["kind"]): string {
  return STATE_NAMES[role];
}

export function describeReady(ready: Ready, messages: readonly TraceMessage[]): string {
  const { role, write, apply } = ready;
  const lines = [
    ...(role ? [`Lead:${role.leader ?? 0} State:${stateName(role.role)}`] : []),
    ...(write?.hardState ? [`HardState ${describeHardState(write.hardState)}`] : []),
    ...section("Entries", (write?.entries ?? []).map(describeEntry)),
    ...(write?.snapshot ? [`Snapshot ${describeSnapshot(write.snapshot)}`] : []),
    ...section("CommittedEntries", apply.map(describeEntry)),
    ...section("Messages", messages.map(describeMessage)),
  ];
  if (lines.length === 0) return "<empty Ready>";
  return [`Ready MustSync=${write?.mustSync ?? false}:`, ...lines].join("\n");
}

export function describeMessage(traced: TraceMessage): string {
  const { responses } = partsOf(traced);
  const head = describeWithoutResponses(traced);
  if (responses.length === 0) return head;
  return [`${head} Responses:[`, ...responses.map((one) => indent(describeMessage(one))), "]"].join(
    "\n",
  );
}

/** As it is shown once its responses were taken off. */
export function describeWithoutResponses(traced: TraceMessage): string {
  switch (traced.kind) {
    case "peer":
      return describePeerMessage(traced.message);
    case "append": {
      const { hardState, entries, snapshot } = traced.write;
      const head = `${traced.from}->AppendThread MsgStorageAppend Term:${hardState?.term ?? 0} Log:0/0`;
      const commit = hardState && hardState.commit > 0 ? ` Commit:${hardState.commit}` : "";
      const vote = hardState?.vote === undefined ? "" : ` Vote:${hardState.vote}`;
      return head + commit + vote + entriesOf(entries) + snapshotOf(snapshot);
    }
    case "appended": {
      const { term, last, snapshot } = traced.receipt;
      const place = `Log:${last?.term ?? 0}/${last?.index ?? 0}`;
      const head = `AppendThread->${traced.to} MsgStorageAppendResp Term:${term} ${place}`;
      return head + snapshotOf(snapshot);
    }
    case "apply":
      return `${traced.from}->ApplyThread MsgStorageApply Term:0 Log:0/0${entriesOf(traced.entries)}`;
    case "applied":
      return `ApplyThread->${traced.to} MsgStorageApplyResp Term:0 Log:0/0${entriesOf(traced.entries)}`;
  }
}

/** What storage answers once it has done what it was told. */
export function responsesOf(traced: TraceMessage): readonly TraceMessage[] {
  return partsOf(traced).responses;
}

export function describeEntry(entry: Entry): string {
  const place = `${entry.term}/${entry.index}`;
  if (entry.kind === "data") {
    const text = JSON.stringify(new TextDecoder().decode(entry.data));
    return `${place} EntryNormal ${text}`;
  }
  const type = oldStyleChanges.has(entry.change) ? "EntryConfChange" : "EntryConfChangeV2";
  const changes = entry.change.kind === "change" ? describeChanges(entry.change.changes) : "";
  return `${place} ${type} ${changes}`.trimEnd();
}

export function describeMembership(membership: Membership): string {
  const { voters, outgoing, learners, learnersNext, autoLeave } = membership;
  const list = (ids: readonly MemberId[]): string => `(${ids.join(" ")})`;
  return [
    `voters=${list(voters)}${outgoing.length > 0 ? `&&${list(outgoing)}` : ""}`,
    ...(learners.length > 0 ? [`learners=${list(learners)}`] : []),
    ...(learnersNext.length > 0 ? [`learners_next=${list(learnersNext)}`] : []),
    ...(autoLeave ? ["autoleave"] : []),
  ].join(" ");
}

/** @param hearing `all-heard`: what was heard does not count. */
export function describeProgress(
  members: ReadonlyMap<MemberId, Progress>,
  hearing: "all-heard" | "as-it-is",
): string {
  return [...members]
    .map(([id, progress]) => {
      const inFlight = progress.inFlight.count;
      return [
        `${id}: ${PROGRESS_NAMES[progress.state]}`,
        `match=${progress.matchIndex} next=${progress.nextIndex}`,
        ...(progress.learner ? ["learner"] : []),
        ...(progress.paused ? ["paused"] : []),
        ...(progress.snapshotIndex > 0 ? [`pendingSnap=${progress.snapshotIndex}`] : []),
        ...(progress.active === "silent" && hearing === "as-it-is" ? ["inactive"] : []),
        ...(inFlight > 0 ? [`inflight=${inFlight}${progress.inFlight.full ? "[full]" : ""}`] : []),
      ].join(" ");
    })
    .join("\n");
}

export function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function partsOf(traced: TraceMessage): { readonly responses: readonly TraceMessage[] } {
  if (traced.kind === "append") {
    const { from: to, write } = traced;
    const then = write.then.map((message) => ({ kind: "peer", message }) as const);
    const { receipt } = write;
    return {
      responses: receipt === undefined ? then : [...then, { kind: "appended", to, receipt }],
    };
  }
  if (traced.kind === "apply") {
    return { responses: [{ kind: "applied", to: traced.from, entries: traced.entries }] };
  }
  return { responses: [] };
}

function describePeerMessage(message: Message): string {
  const { from, to, term } = message;
  const head = (name: string, place = "0/0"): string =>
    `${from}->${to} ${name} Term:${term} Log:${place}`;
  const commitOf = (commit: number): string => (commit > 0 ? ` Commit:${commit}` : "");
  switch (message.kind) {
    case "vote-request": {
      const { term: lastTerm, index } = message.last;
      return head(message.phase === "vote" ? "MsgVote" : "MsgPreVote", `${lastTerm}/${index}`);
    }
    case "vote-reply": {
      const name = message.phase === "vote" ? "MsgVoteResp" : "MsgPreVoteResp";
      return head(name) + (message.granted ? "" : " Rejected (Hint: 0)");
    }
    case "append": {
      const { previous, commit, entries } = message;
      const place = `${previous.term}/${previous.index}`;
      return head("MsgApp", place) + commitOf(commit) + entriesOf(entries);
    }
    case "append-accepted":
      return head("MsgAppResp", `0/${message.index}`);
    case "append-rejected": {
      const place = `${message.hint.term}/${message.index}`;
      return `${head("MsgAppResp", place)} Rejected (Hint: ${message.hint.index})`;
    }
    case "outdated":
      return head("MsgAppResp");
    case "heartbeat":
      return head("MsgHeartbeat") + commitOf(message.commit);
    case "heartbeat-reply":
      return head("MsgHeartbeatResp");
    case "snapshot":
      return head("MsgSnap") + snapshotOf(message.snapshot);
    case "timeout-now":
      return head("MsgTimeoutNow");
    case "read-request":
      return head("MsgReadIndex");
    case "read-reply":
      return head("MsgReadIndexResp", `0/${message.index}`);
  }
}

function describeHardState({ term, vote, commit }: HardState): string {
  return `Term:${term}${vote === undefined ? "" : ` Vote:${vote}`} Commit:${commit}`;
}

function describeSnapshot({ index, term, membership }: SnapshotId): string {
  const list = (ids: readonly MemberId[]): string => `[${ids.join(" ")}]`;
  const { voters, outgoing, learners, learnersNext, autoLeave } = membership;
  return (
    `Index:${index} Term:${term} ConfState:Voters:${list(voters)} ` +
    `VotersOutgoing:${list(outgoing)} Learners:${list(learners)} ` +
    `LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`
  );
}

function snapshotOf(snapshot: SnapshotId | undefined): string {
  return snapshot === undefined ? "" : `\n  Snapshot: ${describeSnapshot(snapshot)}`;
}

function entriesOf(entries: readonly Entry[]): string {
  if (entries.length === 0) return "";
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return ` Entries:[${describeEntry(only)}]`;
  return [" Entries:[", ...entries.map((entry) => `  ${describeEntry(entry)}`), "]"].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}
